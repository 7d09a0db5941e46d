//! Prints that are compared: live ones, which may be searched, and ones from a chip, which may not.

use rilascio_biometrics::{Comparison, Prepared, PrintTemplate, compare};
use zeroize::Zeroize;

/// A print that was just taken from a person who stands here.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveProbe {
    pub(crate) finger: u8,
    pub(crate) print: Prepared,
}

impl LiveProbe {
    /// A live print of a finger: 1 right thumb to 10 left little.
    #[must_use]
    pub fn new(finger: u8, template: PrintTemplate) -> Self {
        Self {
            finger,
            print: template.into(),
        }
    }

    /// The finger.
    #[must_use]
    pub fn finger(&self) -> u8 {
        self.finger
    }

    /// The template, to be enrolled.
    #[must_use]
    pub fn into_template(self) -> PrintTemplate {
        self.print.template
    }

    /// The print.
    #[must_use]
    pub fn print(&self) -> &Prepared {
        &self.print
    }
}

/// A print that was read from a document. It can be compared with one live print and nothing else, and is wiped by it:
/// prints of documents are not collected and not searched (Regulation (EC) 2252/2004, article 4(3)).
#[derive(Debug)]
pub struct ChipPrint {
    print: Prepared,
}

impl ChipPrint {
    /// A print of a document.
    #[must_use]
    pub fn new(template: PrintTemplate) -> Self {
        Self {
            print: template.into(),
        }
    }

    /// Compares it with the print of the person who shows the document.
    #[must_use]
    pub fn compare(self, live: &LiveProbe) -> Comparison {
        compare(&live.print, &self.print)
    }
}

impl Drop for ChipPrint {
    fn drop(&mut self) {
        for minutia in &mut self.print.template.minutiae {
            minutia.x.zeroize();
            minutia.y.zeroize();
            minutia.direction.zeroize();
            minutia.quality.zeroize();
        }
        self.print.template.flow.cells.zeroize();
        for cylinder in &mut self.print.cylinders {
            cylinder.bits.zeroize();
            cylinder.valid.zeroize();
            cylinder.direction.zeroize();
        }
    }
}
