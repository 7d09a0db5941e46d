//! Two replicas of every node over one PostgreSQL server: the work is shared, and nothing is done twice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "../../store/tests/common/postgres.rs"]
mod server;

use common::{Act, Town, life};
use rilascio_circuit::process::Phase;
use rilascio_node::{Command, Replay, Role};
use rilascio_store::journal::{self, Entry};
use rilascio_store::{Error as StoreError, Store};

#[test]
fn a_life_over_postgresql_with_two_replicas_at_work() {
    let Some(server) = server::Server::start(false) else {
        return;
    };
    let url = server.url();
    let store =
        |role: Role| Store::postgres(&url, &format!("rilascio_{}", role.name()), 4).unwrap();
    // The same seed gives both the same keys: two processes of one node.
    let one = Town::new(store);
    let two = Town::replica_of(&one, store);
    for (place, act) in life().into_iter().enumerate() {
        let (here, there) = if place % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        match &act {
            Act::Give(id, actor, command) => {
                let answer = here.give(id, actor, command).unwrap();
                // Asked again at the other replica it is the same command, not a second one.
                assert_eq!(
                    there.give(id, actor, command).unwrap(),
                    answer,
                    "{}",
                    Command::name(command)
                );
            }
            Act::Open(actor, second) => drop(here.open(actor, second).unwrap()),
            Act::Settle => {
                std::thread::scope(|scope| {
                    for town in [&one, &two] {
                        scope.spawn(|| town.settle().unwrap());
                    }
                });
                // What one replica held while the other was done.
                here.wait();
                here.settle().unwrap();
            }
        }
    }
    for role in Role::ALL {
        let desk = &one.desks[&role];
        let entries: Vec<Entry> = desk
            .store()
            .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 10_000))
            .unwrap();
        let mut replay = Replay::default();
        entries.iter().for_each(|entry| replay.take(entry).unwrap());
        if role == Role::Works {
            assert_eq!(replay.balance.handed_over, 1);
            assert_eq!(replay.balance.received, 2);
        }
        if role == Role::Centre {
            assert_eq!(replay.documents.len(), 1);
            assert_eq!(
                replay.dossiers["gendarmeria-000001"].phase,
                Phase::HandedOver
            );
        }
        desk.store()
            .read::<_, rilascio_node::Error, _>(move |tx| replay.compare(tx, role))
            .unwrap();
    }
}
