//! Images of prints in files, and what makes templates of them.

use crate::fault::Fault;
use rilascio_biometrics::{Extract, Extractor, GreyImage, PrintTemplate, read_print};
use rilascio_learned::{LearnedExtractor, MODEL_BYTES_MAX};
use std::path::{Path, PathBuf};

/// The largest file of a print.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How images of prints are read.
#[derive(clap::Args)]
pub(crate) struct Reading {
    /// The resolution of images that do not say theirs, in pixels per inch.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(250..=1200))]
    resolution: u16,
    /// Find minutiae with the network of this ONNX file, such as LEADER; a gallery wants the same one always.
    #[arg(long, value_name = "FILE", env = "RILASCIO_MODEL")]
    model: Option<PathBuf>,
}

/// Reads images of prints and makes templates of them.
pub(crate) struct PrintReader {
    resolution: u16,
    extractor: Box<dyn Extract + Send + Sync>,
}

impl Reading {
    /// Opens the model, where there is one.
    pub(crate) fn open(&self) -> Result<PrintReader, Fault> {
        let resolution = self.resolution;
        let Some(path) = &self.model else {
            let extractor = Box::new(Extractor::new());
            return Ok(PrintReader {
                resolution,
                extractor,
            });
        };
        let bytes = bytes_of(path, MODEL_BYTES_MAX as u64, "model")?;
        let made = LearnedExtractor::new(bytes).map_err(|why| {
            Fault::file(path, why).remedy(
                "give an ONNX network that takes [1, height, width, 1] and gives [1, height, width, 4]",
            )
        })?;
        Ok(PrintReader {
            resolution,
            extractor: Box::new(made),
        })
    }
}

impl PrintReader {
    /// Reads the image of a print.
    pub(crate) fn image(&self, path: &Path) -> Result<GreyImage, Fault> {
        let bytes = bytes_of(path, FILE_BYTES_MAX, "print")?;
        read_print(&bytes, self.resolution).map_err(|why| Fault::file(path, why))
    }

    /// The template of an image.
    pub(crate) fn template(
        &self,
        image: &GreyImage,
    ) -> Result<PrintTemplate, rilascio_biometrics::Error> {
        self.extractor.extract(image)
    }

    /// An image that has ridges, and its template.
    pub(crate) fn take(&self, path: &Path) -> Result<(GreyImage, PrintTemplate), Fault> {
        let image = self.image(path)?;
        let template = self
            .template(&image)
            .map_err(|why| Fault::file(path, why))?;
        if template.minutiae.len() < 4 {
            return Err(Fault::file(path, "there are no ridges in it")
                .remedy("check the resolution, and that ridges are dark"));
        }
        Ok((image, template))
    }
}

/// True for a name that an image of a print can have.
pub(crate) fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["tif", "tiff", "png", "bmp", "pgm", "jpg", "jpeg", "wsq"]
            .contains(&ending.to_ascii_lowercase().as_str())
    })
}

fn bytes_of(path: &Path, most: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let size = std::fs::metadata(path)
        .map_err(|why| Fault::file(path, why))?
        .len();
    if size > most {
        return Err(Fault::file(path, format!("{size} bytes are no {what}")));
    }
    std::fs::read(path).map_err(|why| Fault::file(path, why))
}
