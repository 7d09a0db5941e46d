//! The bridge to OpenJPEG, a C library: RGB pixels in, a JP2 file out, all in memory.
#![expect(
    unsafe_code,
    reason = "OpenJPEG is a C library; nothing outside this module is unsafe"
)]

use openjpeg_sys as opj;
use std::ffi::{CStr, c_char, c_void};

/// Bytes of a JP2 file outside its codestream.
const BOXES_BYTES: usize = 96;

/// A file that grows in memory.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    position: usize,
}

/// The largest file that the encoder may write, in bytes.
const FILE_BYTES_MAX: usize = 64 << 20;

unsafe extern "C" fn write(data: *mut c_void, length: usize, sink: *mut c_void) -> usize {
    // SAFETY: OpenJPEG gives back the pointer to our sink, and `length` readable bytes.
    let (sink, data) = unsafe {
        (
            &mut *sink.cast::<Sink>(),
            std::slice::from_raw_parts(data.cast::<u8>(), length),
        )
    };
    let end = sink.position.saturating_add(length);
    if end > FILE_BYTES_MAX {
        return usize::MAX;
    }
    if sink.bytes.len() < end {
        sink.bytes.resize(end, 0);
    }
    sink.bytes[sink.position..end].copy_from_slice(data);
    sink.position = end;
    length
}

unsafe extern "C" fn skip(length: i64, sink: *mut c_void) -> i64 {
    // SAFETY: OpenJPEG gives back the pointer to our sink.
    let sink = unsafe { &mut *sink.cast::<Sink>() };
    match usize::try_from(length) {
        Ok(step) if sink.position.saturating_add(step) <= FILE_BYTES_MAX => {
            sink.position += step;
            length
        }
        _ => -1,
    }
}

unsafe extern "C" fn seek(position: i64, sink: *mut c_void) -> opj::OPJ_BOOL {
    // SAFETY: OpenJPEG gives back the pointer to our sink.
    let sink = unsafe { &mut *sink.cast::<Sink>() };
    match usize::try_from(position) {
        Ok(position) if position <= FILE_BYTES_MAX => {
            sink.position = position;
            1
        }
        _ => 0,
    }
}

unsafe extern "C" fn keep_message(message: *const c_char, messages: *mut c_void) {
    if message.is_null() {
        return;
    }
    // SAFETY: OpenJPEG gives back the pointer to our list, and a text that ends with zero.
    let (messages, message) = unsafe {
        (
            &mut *messages.cast::<Vec<String>>(),
            CStr::from_ptr(message),
        )
    };
    messages.push(message.to_string_lossy().trim_end().to_owned());
}

struct Image(*mut opj::opj_image_t);

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: the pointer is null or came from opj_image_create, and is freed once.
        unsafe { opj::opj_image_destroy(self.0) }
    }
}

struct Codec(*mut opj::opj_codec_t);

impl Drop for Codec {
    fn drop(&mut self) {
        // SAFETY: the pointer is null or came from opj_create_compress, and is freed once.
        unsafe { opj::opj_destroy_codec(self.0) }
    }
}

struct Stream(*mut opj::opj_stream_t);

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the pointer is null or came from opj_stream_default_create, and is freed once.
        unsafe { opj::opj_stream_destroy(self.0) }
    }
}

/// Codes RGB pixels with the irreversible 9-7 wavelet; `rgb` must fill `width` x `height`.
pub(crate) fn encode(rgb: &[u8], width: u32, height: u32, bytes: usize) -> Result<Vec<u8>, String> {
    const CHANNELS: usize = 3;
    let pixels = width as usize * height as usize;
    assert_eq!(rgb.len(), pixels * CHANNELS, "the caller checked the size");
    // Both must outlive codec and stream, which hold pointers to them.
    let mut messages: Vec<String> = Vec::new();
    let mut sink = Sink::default();
    // SAFETY: every pointer is checked for null before use; image, codec and stream are freed by their owners before
    // `messages` and `sink` go out of scope; the planes that are filled have `pixels` samples each.
    unsafe {
        let component = opj::opj_image_cmptparm_t {
            dx: 1,
            dy: 1,
            w: width,
            h: height,
            x0: 0,
            y0: 0,
            prec: 8,
            bpp: 8,
            sgnd: 0,
        };
        let mut components = [component; CHANNELS];
        let image = Image(opj::opj_image_create(
            CHANNELS as u32,
            components.as_mut_ptr(),
            opj::COLOR_SPACE::OPJ_CLRSPC_SRGB,
        ));
        if image.0.is_null() {
            return Err("no memory for the image".into());
        }
        (*image.0).x1 = width;
        (*image.0).y1 = height;
        for channel in 0..CHANNELS {
            let plane = (*(*image.0).comps.add(channel)).data;
            let plane = std::slice::from_raw_parts_mut(plane, pixels);
            for (to, from) in plane
                .iter_mut()
                .zip(rgb.iter().skip(channel).step_by(CHANNELS))
            {
                *to = i32::from(*from);
            }
        }
        let mut parameters: opj::opj_cparameters_t = std::mem::zeroed();
        opj::opj_set_default_encoder_parameters(&mut parameters);
        let budget = bytes.saturating_sub(BOXES_BYTES).max(1);
        parameters.tcp_numlayers = 1;
        parameters.cp_disto_alloc = 1;
        parameters.tcp_rates[0] = (rgb.len() as f64 / budget as f64) as f32;
        parameters.irreversible = 1;
        parameters.tcp_mct = 1;
        let levels = u32::BITS - width.min(height).leading_zeros();
        parameters.numresolution = levels.clamp(1, 6) as i32;
        let codec = Codec(opj::opj_create_compress(opj::CODEC_FORMAT::OPJ_CODEC_JP2));
        let stream = Stream(opj::opj_stream_default_create(0));
        if codec.0.is_null() || stream.0.is_null() {
            return Err("no memory for the encoder".into());
        }
        let list = (&raw mut messages).cast::<c_void>();
        opj::opj_set_error_handler(codec.0, Some(keep_message), list);
        opj::opj_stream_set_user_data(stream.0, (&raw mut sink).cast::<c_void>(), None);
        opj::opj_stream_set_write_function(stream.0, Some(write));
        opj::opj_stream_set_skip_function(stream.0, Some(skip));
        opj::opj_stream_set_seek_function(stream.0, Some(seek));
        let done = opj::opj_setup_encoder(codec.0, &mut parameters, image.0) != 0
            && opj::opj_start_compress(codec.0, image.0, stream.0) != 0
            && opj::opj_encode(codec.0, stream.0) != 0
            && opj::opj_end_compress(codec.0, stream.0) != 0;
        drop((stream, codec, image));
        if !done {
            return Err(messages.join("; "));
        }
    }
    Ok(sink.bytes)
}
