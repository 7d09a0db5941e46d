//! The native form of a template: minutiae to an eighth of a pixel, and the flow. Little endian, for this program's own
//! files; others get ISO/IEC 19794-2.

use crate::template::{MINUTIAE_MAX, Minutia, MinutiaKind, PrintTemplate, RidgeFlow};
use crate::{Error, Result};
use std::f32::consts::TAU;

/// The first byte: the version of the form.
const VERSION: u8 = 1;
const HEADER: usize = 10;
const MINUTIA: usize = 8;
/// Cells of a flow: four fingers, 4 × 4 inches.
const CELLS_MAX: usize = 168 * 168;

fn fault(why: &'static str) -> Error {
    Error::Codec {
        format: "template",
        why: why.to_owned(),
    }
}

impl PrintTemplate {
    /// The bytes of the template.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let minutiae = &self.minutiae[..self.minutiae.len().min(MINUTIAE_MAX)];
        let mut out = Vec::with_capacity(HEADER + minutiae.len() * MINUTIA + self.flow.cells.len());
        out.extend_from_slice(&[VERSION, minutiae.len() as u8]);
        for side in [self.width, self.height, self.flow.columns, self.flow.rows] {
            out.extend_from_slice(&side.to_le_bytes());
        }
        for minutia in minutiae {
            let eighth = |value: f32| (value * 8.0).round().clamp(0.0, 65_535.0) as u16;
            let turn = (minutia.direction.rem_euclid(TAU) / TAU * 65_536.0).round() as u32 as u16;
            for value in [eighth(minutia.x), eighth(minutia.y), turn] {
                out.extend_from_slice(&value.to_le_bytes());
            }
            let kind = match minutia.kind {
                MinutiaKind::Ending => 0,
                MinutiaKind::Bifurcation => 1,
                MinutiaKind::Other => 2,
            };
            out.extend_from_slice(&[kind, minutia.quality]);
        }
        out.extend_from_slice(&self.flow.cells);
        out
    }

    /// The template of such bytes.
    ///
    /// # Errors
    /// [`Error::Codec`] for bytes that are no template of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, rest) = bytes
            .split_at_checked(HEADER)
            .ok_or_else(|| fault("it ends in the middle"))?;
        if head[0] != VERSION {
            return Err(fault("it is of another version"));
        }
        let short =
            |bytes: &[u8], place: usize| u16::from_le_bytes([bytes[place], bytes[place + 1]]);
        let count = usize::from(head[1]);
        let [width, height, columns, rows] = [2, 4, 6, 8].map(|place| short(head, place));
        let cells = usize::from(columns) * usize::from(rows);
        if count > MINUTIAE_MAX || cells > CELLS_MAX || rest.len() != count * MINUTIA + cells {
            return Err(fault("its length is not the one it says"));
        }
        let (minutiae, cells) = rest.split_at(count * MINUTIA);
        let minutiae = minutiae
            .chunks_exact(MINUTIA)
            .map(|bytes| {
                Ok(Minutia {
                    x: f32::from(short(bytes, 0)) / 8.0,
                    y: f32::from(short(bytes, 2)) / 8.0,
                    direction: f32::from(short(bytes, 4)) / 65_536.0 * TAU,
                    kind: match bytes[6] {
                        0 => MinutiaKind::Ending,
                        1 => MinutiaKind::Bifurcation,
                        2 => MinutiaKind::Other,
                        _ => return Err(fault("a kind of minutia that there is not")),
                    },
                    quality: bytes[7].clamp(1, 100),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            width,
            height,
            minutiae,
            flow: RidgeFlow {
                columns,
                rows,
                cells: cells.to_vec(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SyntheticPeople;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn templates_come_back(person in any::<u64>()) {
            let template = SyntheticPeople { seed: 1 }.template(person, 2, 1);
            let bytes = template.to_bytes();
            let again = PrintTemplate::from_bytes(&bytes).unwrap();
            prop_assert_eq!(again.to_bytes(), bytes);
            prop_assert_eq!(&again.flow, &template.flow);
        }

        #[test]
        fn damaged_bytes_never_panic(place in 0usize..900, value in any::<u8>(), length in 0usize..1500) {
            let mut bytes = SyntheticPeople { seed: 1 }.template(5, 2, 1).to_bytes();
            let place = place % bytes.len();
            bytes[place] = value;
            if let Ok(template) = PrintTemplate::from_bytes(&bytes) {
                let _ = crate::Prepared::from(template);
            }
            bytes.truncate(length);
            let _ = PrintTemplate::from_bytes(&bytes);
        }
    }
}
