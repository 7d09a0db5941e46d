//! What a form with a file sends.

use axum::body::Bytes;
use axum::extract::multipart::Multipart;
use std::collections::BTreeMap;

/// What a form sent: fields, and at most one file.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) file: Option<Bytes>,
}

/// What a form sent; nothing when it broke off, or has no names.
pub(crate) async fn receive(mut parts: Multipart) -> Option<Sent> {
    let mut sent = Sent::default();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        if part.file_name().is_some() {
            let bytes = part.bytes().await.ok()?;
            if !bytes.is_empty() {
                sent.file = Some(bytes);
            }
        } else {
            sent.fields.insert(name, part.text().await.ok()?);
        }
    }
    Some(sent)
}

impl Sent {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }
}
