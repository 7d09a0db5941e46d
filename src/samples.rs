//! The synthetic people that come with the program: for simulations, demonstrations and training.

use crate::fault::Fault;
use rilascio_circuit::Application;
use rilascio_exchange::message::{Bytes, Package};
use rilascio_mrtd::finger::FingerPosition;
use rilascio_simulation::Sample;
use std::collections::BTreeMap;

include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// A few bytes in the place of an image, where nobody looks at it.
const PLACEHOLDER: &[u8] = b"image";

/// `a/../b` is `b`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The picture of a finger of a synthetic person, 1 to 3.
pub(crate) fn print_of(person: u8, finger: FingerPosition) -> Option<&'static [u8]> {
    let place = format!("images/prints/person-{person}/{}.png", finger.name());
    let found = IMAGES.iter().find(|(known, _)| *known == place)?;
    Some(found.1)
}

/// The applications of a profile, or of all, with their images or with placeholders.
pub(crate) fn samples(profile: Option<&str>, with_images: bool) -> Result<Vec<Sample>, Fault> {
    let mut found = Vec::new();
    for (path, text) in APPLICATIONS {
        let (folder, _) = path.split_once('/').unwrap_or((path, ""));
        let application = Application::parse(path, text).map_err(Fault::failed)?;
        if profile.is_some_and(|wanted| wanted != application.profile) {
            continue;
        }
        let mut package = Package {
            application: (*text).to_owned(),
            images: BTreeMap::new(),
        };
        for name in application.image_names() {
            let bytes = if with_images {
                let place = normal(&format!("{folder}/{name}"));
                let image = IMAGES.iter().find(|(known, _)| *known == place);
                image
                    .ok_or_else(|| Fault::failed(format!("{path}: there is no image {name}")))?
                    .1
            } else {
                PLACEHOLDER
            };
            package.images.insert(name.clone(), Bytes(bytes.to_vec()));
        }
        found.push(Sample {
            profile: application.profile,
            package,
        });
    }
    Ok(found)
}
