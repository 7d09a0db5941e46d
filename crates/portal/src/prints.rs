//! Fingerprints as the pages need them: read, and with what an extractor sees in them.

use rilascio_biometrics::{Extract, Extractor, GreyImage, PrintTemplate, Result};
use std::sync::LazyLock;

/// The resolution of capture devices, in pixels per inch.
const RESOLUTION: u16 = 500;

/// Its filters are made once.
static EXTRACTOR: LazyLock<Extractor> = LazyLock::new(Extractor::new);

/// The image of a print, in any format that devices give.
pub(crate) fn read(bytes: &[u8]) -> Result<GreyImage> {
    rilascio_biometrics::read_print(bytes, RESOLUTION)
}

/// The image of a print and its template.
pub(crate) fn extracted(bytes: &[u8]) -> Result<(GreyImage, PrintTemplate)> {
    let image = read(bytes)?;
    let template = EXTRACTOR.extract(&image)?;
    Ok((image, template))
}
