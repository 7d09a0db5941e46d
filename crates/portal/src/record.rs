//! The record of a dossier as the node gives it, and where its images are.

use crate::enrolment::{document_facts, person_facts};
use crate::fault::NodeFault;
use crate::forms::encoded;
use crate::language::Language;
use crate::node::Content;
use crate::router::Portal;
use crate::session::Signed;
use serde_json::{Value, json};

/// A record; an empty one where there is none to be seen.
#[derive(Default)]
pub(crate) struct Record {
    /// Role and dossier, as every address names them.
    place: String,
    /// The application; null when it cannot be read.
    pub(crate) application: Value,
    images: Vec<Value>,
}

impl Record {
    /// The record of a dossier at a role.
    pub(crate) async fn read(
        portal: &Portal,
        signed: &Signed,
        role: &str,
        id: &str,
    ) -> Result<Self, NodeFault> {
        let place = format!("{role}/dossier/{}", encoded(id));
        let path = format!("/v1/{place}/record");
        let record = portal.node.get(&path, Some(&signed.token)).await?;
        let application = record["application"].as_str();
        Ok(Self {
            place,
            application: application
                .and_then(|text| toml::from_str(text).ok())
                .unwrap_or(Value::Null),
            images: record["images"].as_array().cloned().unwrap_or_default(),
        })
    }

    fn number(&self, image: &Value) -> Option<usize> {
        self.images
            .iter()
            .position(|known| known == image && !image.is_null())
    }

    /// The fingerprints of the application.
    pub(crate) fn prints(&self) -> impl Iterator<Item = &Value> {
        self.application["print"].as_array().into_iter().flatten()
    }

    /// The page that shows an image; nothing when it was forgotten.
    fn address(&self, image: &Value) -> Option<String> {
        let number = self.number(image)?;
        Some(format!("/desk/{}/images/{number}", self.place))
    }

    /// An image; nothing when it was forgotten.
    pub(crate) async fn image(
        &self,
        portal: &Portal,
        signed: &Signed,
        image: &Value,
    ) -> Result<Option<Content>, NodeFault> {
        let Some(number) = self.number(image) else {
            return Ok(None);
        };
        let path = format!("/v1/{}/images/{number}", self.place);
        let content = portal.node.content(&path, Some(&signed.token)).await?;
        Ok(Some(content))
    }

    /// What a page shows of it.
    pub(crate) fn shown(&self, language: Language, profile: &Value) -> Value {
        let prints: Vec<Value> = self
            .prints()
            .map(|print| {
                json!({ "finger": print["finger"], "quality": print["quality"], "address": self.address(&print["image"]) })
            })
            .collect();
        let images = &self.application["images"];
        json!({ "person": person_facts(language, &self.application),
            "asked": document_facts(language, &self.application, profile),
            "portrait": self.address(&images["portrait"]), "signature": self.address(&images["signature"]), "prints": prints })
    }
}
