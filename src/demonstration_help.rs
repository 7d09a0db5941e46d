//! What the officers of a demonstration read, and a case that one of them opened.

use crate::fault::Fault;
use rilascio_circuit::process::Actor;
use rilascio_exchange::message::Channel;
use rilascio_node::{ArticleDraft, Installation, Prose, Question, Role};
use std::collections::BTreeSet;

/// Channel, title and text, in Italian and English.
const ARTICLES: [(Channel, [&str; 2], [&str; 2]); 3] = [
    (
        Channel::News,
        [
            "Nuovi appuntamenti per il ritiro",
            "New appointments for collection",
        ],
        [
            "Dalla pagina dello stato della domanda il titolare sceglie da sé il giorno del ritiro. Le ore di ogni ufficio sono \
            in offices.toml.",
            "On the status page holders choose the day of the collection themselves. The hours of each office are in \
            offices.toml.",
        ],
    ),
    (
        Channel::Manual,
        ["Acquisire le impronte", "Taking fingerprints"],
        [
            "1. Pulire la lastra e le dita.\n2. Seguire l'ordine che la pagina chiede: prima gli indici.\n3. Tre prove per dito: \
            resta la migliore.\n4. Se un dito non dà un'impronta, indicarne il motivo e passare a quello proposto.",
            "1. Clean the platen and the fingers.\n2. Follow the order that the page asks for: the index fingers first.\n3. Three \
            tries for each finger: the best one stays.\n4. If a finger gives no print, say why and go on to the one that is proposed.",
        ],
    ),
    (
        Channel::Answer,
        [
            "La pratica è ferma: perché?",
            "The dossier stands still: why?",
        ],
        [
            "Finché si attendono documenti o le osservazioni a un preavviso, il termine è sospeso e nessuno può proporre. La \
            pagina della pratica dice fino a quando.",
            "While papers or the answer to a notice may still come, the term stands still and nobody can propose. The page of the \
            dossier says until when.",
        ],
    ),
];

const QUESTION: &str =
    "Il secondo dito non supera la qualità richiesta: posso passare a un altro dito?";

fn prose(text: &str) -> Result<Prose, Fault> {
    Prose::parse(text).map_err(Fault::failed)
}

/// Publishes the articles and opens the case.
pub(crate) fn fill(
    installation: &Installation,
    publisher: &Actor,
    clerk: &Actor,
) -> Result<(), Fault> {
    let now = (installation.clock)();
    let centre = installation.desk(Role::Centre)?;
    for (channel, [title_it, title_en], [text_it, text_en]) in ARTICLES {
        let draft = ArticleDraft {
            channel,
            title_it: prose(title_it)?,
            title_en: Some(prose(title_en)?),
            text_it: prose(text_it)?,
            text_en: Some(prose(text_en)?),
            roles: BTreeSet::new(),
            until: None,
            file: None,
        };
        centre.publish_article(draft, publisher, now)?;
    }
    let question = Question {
        page: "/desk/office/dossier".to_owned(),
        code: None,
        text: prose(QUESTION)?,
    };
    let office = installation.desk(Role::Office)?;
    office.open_case(question, clerk, now)?;
    Ok(())
}
