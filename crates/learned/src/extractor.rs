//! An extractor that asks a network for minutiae.

use crate::graph::{fault, runnable};
use rilascio_biometrics::{
    Error, Extract, Extractor, GreyImage, MINUTIAE_MAX, Minutia, MinutiaKind, PrintTemplate,
    Result, TEMPLATE_RESOLUTION,
};
use rten::{Model, ModelOptions, RunOptions, ThreadPool, ValueView};
use std::f32::consts::TAU;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The largest model file, in bytes.
pub const MODEL_BYTES_MAX: usize = 256 << 20;
/// Sides of what the network is given are multiples of this many pixels.
const SIDE: usize = 32;
/// The most pixels that the network is given: some networks take more than a kilobyte for each.
const PIXELS_MAX: usize = 1 << 20;
/// The quality from which on a pixel is a minutia, unless another is asked for.
const QUALITY_MIN: f32 = 0.6;
/// Equal neighbours within so many pixels are one minutia.
const SAME: f32 = 3.0;
/// Values of a pixel in the answer.
const CHANNELS: usize = 4;

/// An extractor from a model file.
pub struct LearnedExtractor {
    model: Model,
    threads: Arc<ThreadPool>,
    own: Extractor,
    quality_min: f32,
}

/// What the network gives for an image: four values for each of `width` × `height` pixels.
struct Answer {
    width: usize,
    values: Vec<f32>,
}

impl LearnedExtractor {
    /// Opens a model: the bytes of an ONNX file. A small even image is tried, so that a model for something else is found
    /// out here.
    ///
    /// # Errors
    /// [`Error::Model`] when the file is no such network.
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() > MODEL_BYTES_MAX {
            return Err(fault("a model file has at most 256 megabytes"));
        }
        let bytes = runnable(bytes)?;
        let model = guarded(|| ModelOptions::with_all_ops().load(bytes).map_err(fault))?;
        if model.input_ids().len() != 1 || model.output_ids().len() != 1 {
            return Err(fault("a network takes one image and gives one answer"));
        }
        let made = Self {
            model,
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            own: Extractor::new(),
            quality_min: QUALITY_MIN,
        };
        made.ask(vec![200.0; 4 * SIDE * SIDE], 2 * SIDE, 2 * SIDE)?;
        Ok(made)
    }

    /// The same with another least quality of a minutia, 0 to 1.
    #[must_use]
    pub fn with_quality_min(mut self, quality_min: f32) -> Self {
        self.quality_min = quality_min.clamp(0.01, 1.0);
        self
    }

    fn ask(&self, pixels: Vec<f32>, width: usize, height: usize) -> Result<Answer> {
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let (shape, values) = guarded(|| {
            let image = ValueView::from_shape([1, height, width, 1], &pixels).map_err(fault)?;
            let answer = self.model.run_one(image.into(), Some(options));
            let answer = answer.map_err(fault)?;
            answer.into_shape_vec::<f32, 4>().map_err(fault)
        })?;
        if shape != [1, height, width, CHANNELS] {
            return Err(fault(format!(
                "it gives {shape:?} for an image of {width} x {height}; 1, height, width, {CHANNELS} were to come"
            )));
        }
        Ok(Answer { width, values })
    }

    /// The minutiae of an image at 500 pixels per inch, best first.
    fn minutiae(&self, image: &GreyImage) -> Result<Vec<Minutia>> {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let round = |side: usize| side.next_multiple_of(SIDE);
        let (wide, high) = (round(width), round(height));
        if wide * high > PIXELS_MAX {
            return Err(Error::Size {
                width: image.width(),
                height: image.height(),
                why: "a network is given at most a million pixels: one finger at 500 pixels per inch",
            });
        }
        let (left, top) = ((wide - width) / 2, (high - height) / 2);
        // What is added has the value of the corner.
        let mut pixels = vec![f32::from(image.pixels()[0]); wide * high];
        for (row, line) in image.pixels().chunks_exact(width).enumerate() {
            let start = (row + top) * wide + left;
            for (to, pixel) in pixels[start..start + width].iter_mut().zip(line) {
                *to = f32::from(*pixel);
            }
        }
        let answer = self.ask(pixels, wide, high)?;
        let mut found = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let place = (y + top) * answer.width + x + left;
                let at = |channel: usize| answer.values[place * CHANNELS + channel];
                let (direction, ending, quality) = (at(1), at(2), at(3));
                // What is no number is no minutia.
                if quality >= self.quality_min && direction.is_finite() {
                    found.push(Minutia {
                        x: x as f32,
                        y: y as f32,
                        direction: (-direction).rem_euclid(TAU),
                        kind: if ending >= 0.5 {
                            MinutiaKind::Ending
                        } else {
                            MinutiaKind::Bifurcation
                        },
                        quality: (100.0 * quality).round().clamp(1.0, 100.0) as u8,
                    });
                }
            }
        }
        found.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
        let mut kept: Vec<Minutia> = Vec::with_capacity(MINUTIAE_MAX);
        for minutia in found {
            let known = |other: &Minutia| (other.x - minutia.x).hypot(other.y - minutia.y) < SAME;
            if kept.len() < MINUTIAE_MAX && !kept.iter().any(known) {
                kept.push(minutia);
            }
        }
        Ok(kept)
    }
}

/// Does something with a model; a panic inside it is a fault of the model.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(fault("it cannot be computed")))
}

impl Extract for LearnedExtractor {
    fn extract(&self, image: &GreyImage) -> Result<PrintTemplate> {
        let image = image.at_resolution(TEMPLATE_RESOLUTION)?;
        let minutiae = self.minutiae(&image)?;
        Ok(PrintTemplate {
            width: image.width() as u16,
            height: image.height() as u16,
            minutiae,
            flow: self.own.flow(&image)?,
        })
    }
}
