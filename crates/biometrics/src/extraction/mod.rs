//! From a grey image to a template.
//!
//! The image is brought to 333 pixels per inch and to equal contrast. A local spectrum gives orientation, period and area
//! of the ridges; complex filters along them give a wave whose phase turns once around every minutia. A second pass over
//! what the first one found settles noisy places.

mod enhancement;
mod frame;
mod plane;
mod spectrum;
mod vortices;

pub(crate) use vortices::wrapped;

use crate::template::{FLOW_CELL, MINUTIAE_MAX, NO_FLOW, PrintTemplate, RidgeFlow};
use crate::{Error, GreyImage, Result};
use enhancement::{Filters, WavePlane};
use spectrum::{Nodes, STEP, Waves};
use std::f32::consts::PI;

/// The longest side of a print, in inches: a slap of four fingers is 3.2.
const SIDE_MAX_INCHES: u32 = 4;
/// How much of the second pass is what the first one found.
const BLEND: f32 = 0.55;

/// The pixels of an image at another resolution, with the sides they have.
pub(crate) fn resampled(image: &GreyImage, resolution: u16) -> (u32, u32, Vec<u8>) {
    let plane = plane::resampled(image, f32::from(resolution));
    let pixels = plane
        .values
        .iter()
        .map(|value| value.round().clamp(0.0, 255.0) as u8)
        .collect();
    (plane.width as u32, plane.height as u32, pixels)
}

/// Something that makes templates of images.
pub trait Extract {
    /// The template of a print.
    ///
    /// # Errors
    /// When the image cannot be used.
    fn extract(&self, image: &GreyImage) -> Result<PrintTemplate>;
}

/// The extractor of this program: filters are made once and used for every print.
pub struct Extractor {
    waves: Waves,
    first: Filters,
    second: Filters,
}

impl Default for Extractor {
    fn default() -> Self {
        Self::new()
    }
}

impl Extractor {
    /// Makes the filters.
    #[must_use]
    pub fn new() -> Self {
        Self {
            waves: Waves::new(),
            first: Filters::new(4.0),
            second: Filters::new(3.0),
        }
    }

    /// The flow of the ridges alone.
    ///
    /// # Errors
    /// When the image cannot be used.
    pub fn flow(&self, image: &GreyImage) -> Result<RidgeFlow> {
        refuse_longer(image)?;
        Ok(flow(&self.waves_of(image).1))
    }

    fn waves_of(&self, image: &GreyImage) -> (WavePlane, Nodes) {
        let plane = plane::resampled(&frame::without_frame(image), plane::WORK_RESOLUTION);
        let (equal, contrast) = plane::equalised(&plane);
        let rough = spectrum::flow(&equal, &contrast, &self.waves);
        let first = WavePlane::of(&equal, &rough, &self.first);
        let blended = first.blended(&equal, BLEND);
        let mut nodes = spectrum::flow(&blended, &contrast, &self.waves);
        nodes.keep_within(&rough);
        let second = WavePlane::of(&blended, &nodes, &self.second);
        (second, nodes)
    }
}

fn refuse_longer(image: &GreyImage) -> Result<()> {
    let longest = u32::from(image.resolution()) * SIDE_MAX_INCHES;
    if image.width() > longest || image.height() > longest {
        return Err(Error::Size {
            width: image.width(),
            height: image.height(),
            why: "a print is at most 4 inches long",
        });
    }
    Ok(())
}

impl Extract for Extractor {
    fn extract(&self, image: &GreyImage) -> Result<PrintTemplate> {
        refuse_longer(image)?;
        let (waves, nodes) = self.waves_of(image);
        let mut minutiae = vortices::minutiae(&waves, &nodes);
        minutiae.truncate(MINUTIAE_MAX);
        let side = |pixels: usize| (pixels as f32 * vortices::SCALE) as u16;
        Ok(PrintTemplate {
            width: side(waves.width),
            height: side(waves.height),
            minutiae,
            flow: flow(&nodes),
        })
    }
}

/// The flow as a template has it.
fn flow(nodes: &Nodes) -> RidgeFlow {
    // A node of extraction is a cell of the template.
    const { assert!(STEP as u16 * 3 == FLOW_CELL * 2) };
    RidgeFlow {
        columns: nodes.columns as u16,
        rows: nodes.rows as u16,
        cells: nodes
            .nodes
            .iter()
            .map(|node| {
                if node.inside {
                    ((node.orientation / PI * 128.0).round() as u32 % 128) as u8
                } else {
                    NO_FLOW
                }
            })
            .collect(),
    }
}
