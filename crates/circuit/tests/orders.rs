//! Orders that are asked back, works that stand still, and blanks that are counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::*;
use rilascio_circuit::process::*;

fn order() -> Option<Order> {
    let mut state = None;
    let order = Order {
        id: OrderId::parse("roma-1-1").unwrap(),
        dossier: DossierId::parse("roma-1").unwrap(),
        profile: "it-pse".into(),
        works: NodeId::parse("works").unwrap(),
        office: SiteId::parse("roma").unwrap(),
        certificate: Digest::of(b"certificate"),
        express: false,
        state: OrderState::Placed,
        blank: None,
        document: None,
        spoiled: 0,
        consignment: None,
    };
    give(&mut state, &system(), &OrderCommand::Place(Box::new(order))).unwrap();
    state
}

#[test]
fn an_order_that_is_asked_back_is_given_up_or_comes() {
    use OrderCommand as C;
    let blank = BlankSerial::parse("it-pse.S1").unwrap();
    let decider = actor("elena", "centre", &[Right::Decide]);
    let mut state = order();
    assert_eq!(
        give(&mut state, &clerk("anna"), &C::AskBack),
        Err("circuit.right")
    );
    give(&mut state, &decider, &C::AskBack).unwrap();
    assert_eq!(
        give(&mut state, &decider, &C::AskBack),
        Err("circuit.state")
    );
    let mut kept = state.clone();
    give(&mut state, &system(), &C::Cancel).unwrap();
    assert!(!state.unwrap().is_live());
    give(&mut kept, &system(), &C::Keep).unwrap();
    give(&mut kept, &system(), &C::Bind(blank.clone())).unwrap();
    // Nobody knows what is on a blank that is bound.
    assert_eq!(
        give(&mut kept, &system(), &C::AskBack),
        Err("circuit.state")
    );
    assert_eq!(give(&mut kept, &system(), &C::Cancel), Err("circuit.state"));
    give(&mut kept, &system(), &C::Release).unwrap();
    give(&mut kept, &system(), &C::Cancel).unwrap();
    // A document of which the centre hears while it waits for the answer counts.
    let mut made = order();
    give(&mut made, &system(), &C::AskBack).unwrap();
    give(
        &mut made,
        &system(),
        &C::Produce(document("it-pse.1"), blank),
    )
    .unwrap();
    assert_eq!(made.unwrap().state, OrderState::Produced);
}

#[test]
fn works_stop_are_lost_and_come_back() {
    let chief = actor("fabio", "centre", &[Right::Administer]);
    let [stop, lose, resume] = [
        StandingState::Stopped,
        StandingState::Lost,
        StandingState::Running,
    ]
    .map(|to| StandingCommand {
        works: NodeId::parse("works").unwrap(),
        to,
        act: Reference::parse("act-1").unwrap(),
    });
    let mut state: Option<Standing> = None;
    assert_eq!(give(&mut state, &chief, &resume), Err("circuit.unknown"));
    assert_eq!(
        give(&mut state, &clerk("anna"), &stop),
        Err("circuit.right")
    );
    give(&mut state, &chief, &stop).unwrap();
    assert_eq!(give(&mut state, &chief, &stop), Err("circuit.state"));
    give(&mut state, &chief, &lose).unwrap();
    assert_eq!(give(&mut state, &chief, &lose), Err("circuit.state"));
    assert_eq!(give(&mut state, &chief, &stop), Err("circuit.state"));
    give(&mut state, &chief, &resume).unwrap();
    assert_eq!(state.unwrap().state, StandingState::Running);
}

#[test]
fn two_people_count_blanks_and_the_books_are_right_or_not() {
    let note = |counted: u64, second: &str| StockTakeCommand::Note {
        id: Reference::parse("works-S00001").unwrap(),
        site: SiteId::parse("works").unwrap(),
        profile: "it-pse".into(),
        counted: Shelves {
            in_stock: counted,
            ..Shelves::default()
        },
        books: Shelves {
            in_stock: 7,
            ..Shelves::default()
        },
        second: OfficerId::parse(second).unwrap(),
    };
    let keeper = actor("fabio", "works", &[Right::Stock]);
    let mut state: Option<StockTake> = None;
    assert_eq!(
        give(&mut state, &keeper, &note(7, "fabio")),
        Err("circuit.two-people")
    );
    let elsewhere = actor("fabio", "works-south", &[Right::Stock]);
    assert_eq!(
        give(&mut state, &elsewhere, &note(7, "gino")),
        Err("circuit.site")
    );
    give(&mut state, &keeper, &note(7, "gino")).unwrap();
    assert_eq!(state.as_ref().unwrap().state, StockTakeState::Agreed);
    assert_eq!(
        give(&mut state, &keeper, &note(6, "gino")),
        Err("circuit.exists")
    );
    let mut other: Option<StockTake> = None;
    give(&mut other, &keeper, &note(6, "gino")).unwrap();
    assert_eq!(other.unwrap().state, StockTakeState::Differs);
}
