//! The decoder: any file of IAFIS-IC-0110 with up to eight Huffman tables and filters of up to 19 taps.

use super::file::{
    COMMENT, END_OF_IMAGE, HUFFMAN_TABLE, QUANTISATION_TABLE, START_OF_BLOCK, START_OF_FRAME,
    START_OF_IMAGE, TABLE_BANDS, TRANSFORM_TABLE,
};
use super::quantisation::BLOCKS;
use super::tree::Tree;
use super::wavelet::{Synthesis, compose};
use super::{SIDES, WsqImage};
use crate::byte_reader::ByteReader;
use crate::{Error, Result};

/// Huffman tables of a file.
const TABLES_MAX: usize = 8;
/// The most taps of a filter.
const TAPS_MAX: usize = 19;
/// The restart interval, which nobody uses, and the first marker that is none of WSQ.
const RESTART_INTERVAL: u16 = 0xFFA7;

const FORMAT: &str = "WSQ";

fn fault(why: &str) -> Error {
    Error::Codec {
        format: FORMAT,
        why: why.to_owned(),
    }
}

/// A number as a power of ten and a mantissa of two bytes.
fn scaled(reader: &mut ByteReader<'_>) -> Result<f32> {
    let scale = reader.byte()?;
    Ok(with_scale(u32::from(reader.short()?), scale))
}

fn with_scale(mantissa: u32, scale: u8) -> f32 {
    (f64::from(mantissa) / 10f64.powi(i32::from(scale))) as f32
}

/// A table of codes up to 16 bits, read bit by bit.
#[derive(Clone)]
struct Codes {
    /// For each length the first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, usize); 16],
    symbols: Vec<u8>,
}

impl Codes {
    fn new(counts: &[u8], symbols: &[u8]) -> Self {
        let mut lengths = [(0, 0, 0); 16];
        let (mut code, mut place) = (0_u32, 0);
        for (length, count) in lengths.iter_mut().zip(counts) {
            *length = (code, u32::from(*count), place);
            code = (code + u32::from(*count)) << 1;
            place += usize::from(*count);
        }
        Self {
            lengths,
            symbols: symbols.to_vec(),
        }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<u8> {
        let mut code = 0;
        for (first, count, place) in &self.lengths {
            code = code << 1 | bits.take(1)?;
            if code.wrapping_sub(*first) < *count {
                return self
                    .symbols
                    .get(place + (code - first) as usize)
                    .copied()
                    .ok_or_else(|| fault("a code without a symbol"));
            }
        }
        Err(fault("a code that no table has"))
    }
}

/// The bits of a block: FF is followed by 00, anything else after FF ends it.
struct Bits<'a> {
    bytes: &'a [u8],
    place: usize,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    fn take(&mut self, wanted: u32) -> Result<u32> {
        while self.count < wanted {
            let byte = *self
                .bytes
                .get(self.place)
                .ok_or_else(|| fault("a block ends in the middle"))?;
            self.place += 1;
            if byte == 0xFF {
                if self.bytes.get(self.place) != Some(&0) {
                    return Err(fault("a block ends in the middle"));
                }
                self.place += 1;
            }
            self.held = self.held << 8 | u32::from(byte);
            self.count += 8;
        }
        self.count -= wanted;
        let value = self.held >> self.count & ((1 << wanted) - 1);
        Ok(value)
    }

    /// Where the next marker is.
    fn end(&self) -> usize {
        let mut place = self.place;
        while let Some(pair) = self.bytes.get(place..place + 2) {
            if pair[0] == 0xFF && pair[1] != 0 {
                break;
            }
            place += 1;
        }
        place.min(self.bytes.len())
    }
}

/// What the file says before its blocks.
#[derive(Default)]
struct Header {
    frame: Option<Frame>,
    bins: Option<Bins>,
    filters: Option<Synthesis>,
    tables: [Option<Codes>; TABLES_MAX],
    resolution: Option<u16>,
    shape: Option<Shape>,
}

struct Frame {
    width: usize,
    height: usize,
    shift: f32,
    scale: f32,
}

struct Bins {
    centre: f32,
    widths: [(f32, f32); TABLE_BANDS],
}

/// The tree of the image and its samples so far.
struct Shape {
    tree: Tree,
    samples: Vec<f32>,
    blocks: usize,
}

/// Decodes a file.
///
/// # Errors
/// [`Error::Codec`] for anything that is no whole WSQ file, [`Error::Size`] for sides outside 64 to 4096 pixels.
pub fn decode_wsq(file: &[u8]) -> Result<WsqImage> {
    let mut reader = ByteReader::new(file, FORMAT);
    if reader.short()? != START_OF_IMAGE {
        return Err(fault("it does not begin with FFA0"));
    }
    let mut header = Header::default();
    loop {
        let marker = reader.short()?;
        if marker == END_OF_IMAGE {
            return header.finish();
        }
        if !matches!(marker, START_OF_FRAME..=COMMENT) {
            return Err(fault("a marker that WSQ does not know"));
        }
        let length = usize::from(reader.short()?);
        let mut inside = reader.part(length.saturating_sub(2))?;
        match marker {
            // A second frame would be of another size than what was decoded.
            START_OF_FRAME if header.frame.is_none() => {
                header.frame = Some(read_frame(&mut inside)?)
            }
            TRANSFORM_TABLE => header.filters = Some(read_filters(&mut inside)?),
            QUANTISATION_TABLE => header.bins = Some(read_bins(&mut inside)?),
            HUFFMAN_TABLE => header.read_tables(&mut inside)?,
            COMMENT => header.read_comment(inside.rest),
            START_OF_BLOCK => {
                let table = inside.byte()?;
                let used = header.read_block(table, reader.rest)?;
                reader.take(used)?;
            }
            RESTART_INTERVAL => {}
            _ => return Err(fault("a marker in the wrong place")),
        }
    }
}

fn read_frame(reader: &mut ByteReader<'_>) -> Result<Frame> {
    reader.take(2)?;
    let (height, width) = (reader.short()?, reader.short()?);
    let sides = SIDES.0..=SIDES.1;
    if !sides.contains(&u32::from(width)) || !sides.contains(&u32::from(height)) {
        return Err(Error::Size {
            width: width.into(),
            height: height.into(),
            why: "a side of a fingerprint has 64 to 4096 pixels",
        });
    }
    Ok(Frame {
        width: width.into(),
        height: height.into(),
        shift: scaled(reader)?,
        scale: scaled(reader)?,
    })
}

/// The taps of both filters; half of each is in the file.
fn read_filters(reader: &mut ByteReader<'_>) -> Result<Synthesis> {
    let (low, high) = (usize::from(reader.byte()?), usize::from(reader.byte()?));
    let odd = |taps: usize| taps % 2 == 1 && taps <= TAPS_MAX;
    if !odd(low) || !odd(high) {
        return Err(fault("filters have an odd number of taps, at most 19"));
    }
    let mut half = |taps: usize| {
        (0..=taps / 2)
            .map(|_| {
                let negative = reader.byte()? != 0;
                let scale = reader.byte()?;
                let value = with_scale(reader.long()?, scale);
                Ok(if negative { -value } else { value })
            })
            .collect::<Result<Vec<f32>>>()
    };
    let (low, high) = (half(low)?, half(high)?);
    Ok(Synthesis::of_analysis(&low, &high))
}

fn read_bins(reader: &mut ByteReader<'_>) -> Result<Bins> {
    let centre = scaled(reader)?;
    let mut widths = [(0.0, 0.0); TABLE_BANDS];
    for width in &mut widths {
        *width = (scaled(reader)?, scaled(reader)?);
    }
    Ok(Bins { centre, widths })
}

impl Header {
    fn read_tables(&mut self, reader: &mut ByteReader<'_>) -> Result<()> {
        while !reader.rest.is_empty() {
            let place = usize::from(reader.byte()?);
            let counts = reader.take(16)?;
            let count = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = reader.take(count)?;
            *self
                .tables
                .get_mut(place)
                .ok_or_else(|| fault("a ninth Huffman table"))? = Some(Codes::new(counts, symbols));
        }
        Ok(())
    }

    /// The resolution, where the comment is NIST's.
    fn read_comment(&mut self, payload: &[u8]) {
        let text = String::from_utf8_lossy(payload);
        if !text.starts_with("NIST_COM") {
            return;
        }
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix("PPI ")?.trim().parse().ok());
        self.resolution = found.or(self.resolution);
    }

    /// Reads the next block; gives how many bytes it has.
    fn read_block(&mut self, table: u8, bytes: &[u8]) -> Result<usize> {
        let missing = || fault("a block before its tables");
        let frame = self.frame.as_ref().ok_or_else(missing)?;
        let bins = self.bins.as_ref().ok_or_else(missing)?;
        let codes = self
            .tables
            .get(usize::from(table))
            .and_then(Option::as_ref)
            .ok_or_else(missing)?;
        let shape = self.shape.get_or_insert_with(|| Shape {
            tree: Tree::new(frame.width, frame.height),
            samples: vec![0.0; frame.width * frame.height],
            blocks: 0,
        });
        let bands = BLOCKS
            .get(shape.blocks)
            .ok_or_else(|| fault("a fourth block"))?
            .clone();
        shape.blocks += 1;
        let mut bits = Bits {
            bytes,
            place: 0,
            held: 0,
            count: 0,
        };
        let mut zeros = 0_u32;
        for band in bands {
            let (width, zero) = bins.widths[band];
            if width == 0.0 {
                continue;
            }
            let part = shape.tree.bands[band];
            for row in part.y..part.y + part.h {
                let start = row * frame.width + part.x;
                for sample in &mut shape.samples[start..start + part.w] {
                    if zeros == 0
                        && let Some(value) = next_value(codes, &mut bits, &mut zeros)?
                    {
                        *sample = value_of(value, width, zero, bins.centre);
                        continue;
                    }
                    zeros -= 1;
                }
            }
        }
        if zeros > 0 {
            return Err(fault("a run beyond the end of its block"));
        }
        Ok(bits.end())
    }

    fn finish(self) -> Result<WsqImage> {
        let missing = || fault("it ends before its image");
        let (frame, shape) = (
            self.frame.ok_or_else(missing)?,
            self.shape.ok_or_else(missing)?,
        );
        if shape.blocks < BLOCKS.len() {
            return Err(missing());
        }
        let filters = self.filters.ok_or_else(missing)?;
        let mut samples = shape.samples;
        compose(&mut samples, frame.width, &shape.tree, &filters);
        let pixels = samples
            .iter()
            .map(|value| (value * frame.scale + frame.shift + 0.5).clamp(0.0, 255.0) as u8)
            .collect();
        Ok(WsqImage {
            width: frame.width as u32,
            height: frame.height as u32,
            resolution: self.resolution,
            pixels,
        })
    }
}

/// The next coefficient; nothing when a run of zeros begins.
fn next_value(codes: &Codes, bits: &mut Bits<'_>, zeros: &mut u32) -> Result<Option<i32>> {
    let symbol = codes.read(bits)?;
    let mut number = |count: u32| -> Result<i32> { Ok(bits.take(count)? as i32) };
    Ok(match symbol {
        1..=100 => {
            *zeros = symbol.into();
            None
        }
        101 => Some(number(8)?),
        102 => Some(-number(8)?),
        103 => Some(number(16)?),
        104 => Some(-number(16)?),
        105 | 106 => {
            let run = number(if symbol == 105 { 8 } else { 16 })?;
            if run == 0 {
                return Err(fault("a run of nothing"));
            }
            *zeros = run as u32;
            None
        }
        107..=254 => Some(i32::from(symbol) - 180),
        _ => return Err(fault("a symbol that WSQ does not know")),
    })
}

/// The middle of a bin.
fn value_of(bin: i32, width: f32, zero: f32, centre: f32) -> f32 {
    match bin {
        0 => 0.0,
        1.. => (bin as f32 - centre) * width + zero / 2.0,
        _ => (bin as f32 + centre) * width - zero / 2.0,
    }
}
