//! What is compared of a print: minutiae and the flow of ridges.

/// Coordinates of a template, in pixels per inch: those of ISO/IEC 19794-2 at 197 pixels per centimetre.
pub const TEMPLATE_RESOLUTION: u16 = 500;
/// The side of a cell of the ridge flow, in pixels of the template.
pub const FLOW_CELL: u16 = 12;
/// A cell of the flow without ridges.
pub const NO_FLOW: u8 = 255;
/// The most minutiae that a template keeps, best first.
pub const MINUTIAE_MAX: usize = 96;

/// The kind of a minutia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MinutiaKind {
    /// A ridge ends.
    Ending,
    /// A ridge divides.
    Bifurcation,
    /// One or the other.
    Other,
}

/// A minutia.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minutia {
    /// From the left edge, in pixels at 500 per inch.
    pub x: f32,
    /// From the upper edge, in pixels at 500 per inch.
    pub y: f32,
    /// Where the ending ridge, or the valley of a bifurcation, comes from: radians from the right, clockwise as the
    /// image is seen (ISO/IEC 19794-2, 6.4.3, with the sense of rotation of the image's axes).
    pub direction: f32,
    /// Its kind.
    pub kind: MinutiaKind,
    /// 1 (poor) to 100 (good).
    pub quality: u8,
}

/// The flow of ridges, a cell for every 12 × 12 pixels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RidgeFlow {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// The orientation of each cell in units of π/128, clockwise from the right; [`NO_FLOW`] where there are no ridges.
    pub cells: Vec<u8>,
}

impl RidgeFlow {
    /// The orientation at a place of the template, in radians in [0, π); nothing where there are no ridges.
    #[must_use]
    pub fn at(&self, x: f32, y: f32) -> Option<f32> {
        let (column, row) = (x / f32::from(FLOW_CELL), y / f32::from(FLOW_CELL));
        if column < 0.0
            || row < 0.0
            || column >= f32::from(self.columns)
            || row >= f32::from(self.rows)
        {
            return None;
        }
        let place = row as usize * usize::from(self.columns) + column as usize;
        match self.cells.get(place) {
            None | Some(&NO_FLOW) => None,
            Some(cell) => Some(f32::from(*cell) * std::f32::consts::PI / 128.0),
        }
    }
}

/// The template of a print.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PrintTemplate {
    /// Width of the image at 500 pixels per inch.
    pub width: u16,
    /// Height of the image at 500 pixels per inch.
    pub height: u16,
    /// The minutiae, best first.
    pub minutiae: Vec<Minutia>,
    /// The flow of ridges; empty where the template came from elsewhere.
    pub flow: RidgeFlow,
}
