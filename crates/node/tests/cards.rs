//! Smart cards: issued by one, received by its officer, asked for from then on, replaced and blocked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use base64ct::{Base64, Encoding};
use common::{Town, person};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_circuit::process::{Actor, Digest, OfficerId, Right};
use rilascio_keys::MasterKey;
use rilascio_node::{
    Card, CardEnd, CardRequest, CardState, CardStep, Desk, Error, Operators, Role, SignIn,
};
use std::sync::Arc;

const PASSWORD: &str = "una-nuvola-sul-tavolo";
/// Made by OpenSSL.
const REQUESTS: [&[u8]; 2] = [
    include_bytes!("../../pki/tests/data/p256.csr"),
    include_bytes!("../../pki/tests/data/rsa2048.csr"),
];

struct Place {
    town: Town,
    desk: Arc<Desk>,
    operators: Operators,
}

fn rule(outcome: Result<impl Sized, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        Err(_) => "another fault",
        Ok(_) => "taken",
    }
}

fn anna() -> Actor {
    person("anna", "centre", &[Right::Examine])
}

fn chief() -> Actor {
    person("capo", "centre", &[Right::Administer])
}

impl Place {
    fn new(name: &str) -> Self {
        let town = Town::in_memory(None);
        let desk = Arc::clone(&town.desks[&Role::Centre]);
        let folder = std::env::temp_dir().join(format!("rilascio-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let master = MasterKey::generate(&mut rng);
        let made = Operators::open(&folder, &master, town.now, &mut rng).unwrap();
        let operators = Operators::open(&folder, &master, town.now, &mut rng).unwrap();
        assert_eq!(made.certificate(), operators.certificate(), "it is kept");
        let place = Self {
            town,
            desk,
            operators,
        };
        for officer in [anna(), chief()] {
            place.name(&officer);
        }
        place
    }

    fn name(&self, officer: &Actor) {
        let system = Actor::system(self.desk.site());
        self.desk
            .name_officer(&system, officer, PASSWORD, self.town.now)
            .unwrap();
    }

    fn issue(&self, officer: &str, request: &[u8], by: &Actor) -> Result<Card, Error> {
        let body = Base64::encode_string(request);
        let request = CardRequest {
            officer: OfficerId::parse(officer).unwrap(),
            request: format!(
                "-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
            ),
        };
        self.desk
            .issue_card(&self.operators, &request, by, self.town.now)
    }

    fn step(&self, card: &Card, step: CardStep, by: &Actor) -> &'static str {
        rule(self.desk.step_card(&card.id, step, by, self.town.now))
    }

    fn sign_in(&self, officer: &Actor, card: Option<&Digest>) -> Result<Option<SignIn>, Error> {
        self.desk
            .sign_in(&officer.officer, PASSWORD, card, self.town.now)
    }

    fn token(&self, card: &Digest) -> String {
        match self.sign_in(&anna(), Some(card)).unwrap() {
            Some(SignIn::Whole(token, session)) => {
                assert_eq!(session.card.as_ref(), Some(card));
                token.to_string()
            }
            _ => panic!("the card is there"),
        }
    }
}

#[test]
fn from_its_receipt_on_the_card_is_asked_for_until_it_is_blocked() {
    let place = Place::new("cards");
    let now = place.town.now;
    assert_eq!(
        rule(place.issue("anna", REQUESTS[0], &anna())),
        "circuit.right"
    );
    assert_eq!(
        rule(place.issue("capo", REQUESTS[0], &chief())),
        "circuit.two-people"
    );
    assert_eq!(
        rule(place.issue("nobody", REQUESTS[0], &chief())),
        "circuit.unknown"
    );
    assert_eq!(
        rule(place.issue("anna", b"no request", &chief())),
        "another fault"
    );
    let card = place.issue("anna", REQUESTS[0], &chief()).unwrap();
    let other = place.issue("anna", REQUESTS[1], &chief()).unwrap();
    assert_ne!(card.fingerprint, other.fingerprint);
    // A card that is on its way opens nothing, and is not asked for.
    assert_eq!(place.step(&card, CardStep::Ship, &chief()), "taken");
    let Ok(Some(SignIn::Whole(token, session))) = place.sign_in(&anna(), Some(&card.fingerprint))
    else {
        panic!("the password is right");
    };
    assert_eq!(session.card, None);
    assert_eq!(
        place.step(&card, CardStep::Receive, &chief()),
        "circuit.right"
    );
    assert_eq!(place.step(&card, CardStep::Receive, &anna()), "taken");
    assert!(
        place.desk.session(&token, now).unwrap().is_none(),
        "sessions of before end"
    );
    // Now it is.
    assert_eq!(rule(place.sign_in(&anna(), None)), "circuit.card");
    assert_eq!(
        rule(place.sign_in(&anna(), Some(&other.fingerprint))),
        "circuit.card"
    );
    let token = place.token(&card.fingerprint);
    assert!(place.desk.session(&token, now).unwrap().is_some());
    // The next one takes its place.
    assert_eq!(place.step(&other, CardStep::Receive, &anna()), "taken");
    assert_eq!(
        rule(place.sign_in(&anna(), Some(&card.fingerprint))),
        "circuit.card"
    );
    let cards = place.desk.cards(&anna()).unwrap();
    let states: Vec<CardState> = cards.iter().map(|card| card.state).collect();
    assert_eq!(states, [CardState::Active, CardState::Replaced]);
    // Blocked, by its officer or by who runs the desk, it ends what it opened.
    let token = place.token(&other.fingerprint);
    let stranger = person("bruno", "centre", &[Right::Examine]);
    let lost = CardStep::Block(CardEnd::Lost);
    assert_eq!(place.step(&other, lost, &stranger), "circuit.unknown");
    assert_eq!(place.step(&other, lost, &anna()), "taken");
    assert_eq!(place.step(&other, lost, &chief()), "circuit.state");
    assert!(place.desk.session(&token, now).unwrap().is_none());
    // Whoever found it and knows the password gets no further; its officer is named anew.
    assert_eq!(rule(place.sign_in(&anna(), None)), "circuit.card");
    assert_eq!(
        rule(place.sign_in(&anna(), Some(&other.fingerprint))),
        "circuit.card"
    );
}

#[test]
fn a_right_password_without_the_card_is_counted_like_a_wrong_one() {
    let mut place = Place::new("cards-counted");
    let card = place.issue("anna", REQUESTS[0], &chief()).unwrap();
    assert_eq!(place.step(&card, CardStep::Receive, &anna()), "taken");
    for _ in 0..3 {
        assert_eq!(rule(place.sign_in(&anna(), None)), "circuit.card");
    }
    assert_eq!(
        rule(place.sign_in(&anna(), Some(&card.fingerprint))),
        "circuit.too-early"
    );
    place.town.now += SignedDuration::from_secs(6);
    place.token(&card.fingerprint);
    assert_eq!(
        rule(place.sign_in(&anna(), None)),
        "circuit.card",
        "the count began anew"
    );
    place.token(&card.fingerprint);
}

#[test]
fn whoever_is_named_anew_or_removed_has_no_card_and_one_that_ended_is_none() {
    let mut place = Place::new("cards-ended");
    let card = place.issue("anna", REQUESTS[0], &chief()).unwrap();
    assert_eq!(place.step(&card, CardStep::Receive, &anna()), "taken");
    place.name(&anna());
    assert_eq!(
        place.desk.cards(&anna()).unwrap()[0].state,
        CardState::Blocked
    );
    assert!(matches!(
        place.sign_in(&anna(), None),
        Ok(Some(SignIn::Whole(..)))
    ));
    let next = place.issue("anna", REQUESTS[1], &chief()).unwrap();
    assert_eq!(place.step(&next, CardStep::Receive, &anna()), "taken");
    let officer = anna().officer;
    place.town.now += SignedDuration::from_hours(24 * 1096);
    let ended = place.sign_in(&anna(), Some(&next.fingerprint));
    assert_eq!(rule(ended), "circuit.card", "it ended");
    place
        .desk
        .remove_officer(&chief(), &officer, place.town.now)
        .unwrap();
    assert_eq!(
        place.desk.cards(&anna()).unwrap()[0].state,
        CardState::Blocked
    );
}
