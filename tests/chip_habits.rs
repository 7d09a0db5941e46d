//! Habits of real readers that the chip must bear.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{chip, data_set, issue, rng, send};
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::security_info::{decode_dg14, decode_set};
use rilascio_access::{AccessPassword, SecureMessaging, bac};
use rilascio_chip::Chip;
use rilascio_mrtd::lds::{DataGroup, EfCom, FileId};
use rilascio_pki::Sod;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn permit() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| issue("it-pse/application"))
}

const SELECT: &str = "00A4040C07A0000002471001";

/// A chip with a BAC session.
fn session() -> (Chip, SecureMessaging) {
    let mut chip = chip(permit());
    assert_eq!(send(&mut chip, SELECT), "9000");
    let challenge = chip.answer(&[0x00, 0x84, 0x00, 0x00, 0x08]);
    let challenge: [u8; 8] = challenge[..8].try_into().unwrap();
    let password = AccessPassword::mrz(&data_set(permit()).secrets.mrz_information);
    let run = bac::Terminal::new(bac::access_keys(&password), challenge, [7; 8], [9; 16]);
    let command = Command::new(0x82, 0, 0, &run.message().unwrap(), Some(40));
    let answer = Response::parse(&chip.answer(&command.encode())).unwrap();
    assert_eq!(answer.status, StatusWord::SUCCESS);
    (chip, run.finish(&answer.data).unwrap())
}

/// Sends a command through the session.
fn protected(chip: &mut Chip, session: &mut SecureMessaging, command: &Command) -> Response {
    let bytes = session.protect_command(command).unwrap().encode();
    session
        .open_response(&Response::parse(&chip.answer(&bytes)).unwrap())
        .unwrap()
}

#[test]
fn directory_and_capabilities_may_be_asked_first() {
    let mut chip = chip(permit());
    assert_eq!(send(&mut chip, "00A4000C023F00"), "9000");
    assert_eq!(send(&mut chip, "00A4020C022F00"), "9000");
    assert_eq!(send(&mut chip, "00B0000000"), "61094F07A00000024710019000");
    assert_eq!(
        send(&mut chip, "00B0810000")[..4],
        *"4703",
        "EF.ATR/INFO by its short identifier"
    );
    assert_eq!(
        send(&mut chip, "00B09C0001"),
        "319000",
        "EF.CardAccess by its short identifier"
    );
    assert_eq!(send(&mut chip, SELECT), "9000");
}

#[test]
fn select_answers_with_and_without_le_and_refuses_what_is_not_there() {
    let mut chip = chip(permit());
    assert_eq!(
        send(&mut chip, "00A4040007A0000002471001"),
        "9000",
        "no Le, no data"
    );
    assert_eq!(
        send(&mut chip, "00A4040007A000000247100100"),
        "6F098407A00000024710019000"
    );
    assert_eq!(send(&mut chip, "00A4040C07A0000002471002"), "6A82");
    assert_eq!(send(&mut chip, "00A4020C020199"), "6A82");
    assert_eq!(
        send(&mut chip, "00A4020C02011E"),
        "6982",
        "EF.COM needs a session"
    );
    assert_eq!(send(&mut chip, "00B08100 08"), "6982");
    assert_eq!(send(&mut chip, "00CA000000"), "6D00");
    assert_eq!(
        send(&mut chip, "80E0380000"),
        "6E00",
        "nothing of personalisation is left"
    );
    assert_eq!(send(&mut chip, "8050000008 0102030405060708 00"), "6E00");
}

#[test]
fn errors_inside_a_session_are_answered_under_secure_messaging_and_it_lives_on() {
    let (mut chip, mut session) = session();
    let missing = Command::new(0xA4, 0x02, 0x0C, &[0x01, 0x99], None);
    assert_eq!(
        protected(&mut chip, &mut session, &missing).status,
        StatusWord::NOT_FOUND
    );
    let unknown = Command::new(0xCA, 0, 0, &[], Some(256));
    let answer = protected(&mut chip, &mut session, &unknown);
    assert_eq!(answer.status, StatusWord::UNKNOWN_INSTRUCTION);
    let prints = Command::new(0xB0, 0x83, 0, &[], Some(8));
    assert_eq!(
        protected(&mut chip, &mut session, &prints).status,
        StatusWord::SECURITY_STATUS
    );
    let read = Command::new(0xB0, 0x9E, 0, &[], Some(4));
    assert_eq!(protected(&mut chip, &mut session, &read).data[0], 0x60);
}

#[test]
fn a_plain_command_ends_the_session() {
    let (mut chip, mut session) = session();
    assert_eq!(send(&mut chip, "00B09E0004"), "6982");
    let read = Command::new(0xB0, 0x9E, 0, &[], Some(4));
    let bytes = session.protect_command(&read).unwrap().encode();
    assert_eq!(chip.answer(&bytes), [0x68, 0x82], "the keys are gone");
}

#[test]
fn a_broken_message_ends_the_session() {
    let (mut chip, mut session) = session();
    let read = Command::new(0xB0, 0x9E, 0, &[], Some(4));
    let mut bytes = session.protect_command(&read).unwrap().encode();
    let at = bytes.len() - 2;
    bytes[at] ^= 1;
    assert_eq!(chip.answer(&bytes), [0x69, 0x88]);
    assert_eq!(chip.answer(&[0x0C, 0xB0, 0x9E, 0x00, 0x00]), [0x68, 0x82]);
}

#[test]
fn reading_bears_every_length_and_never_answers_6700() {
    let (mut chip, mut session) = session();
    let file = data_set(permit()).files[&FileId::Dg(DataGroup::DG2)].clone();
    let select = Command::new(0xA4, 0x02, 0x0C, &[0x01, 0x02], None);
    protected(&mut chip, &mut session, &select);
    for le in [1, 8, 220, 223, 231, 255, 256, 257, 1_000, 4_096, 65_536] {
        let read = Command::new(0xB0, 0, 0, &[], Some(le));
        let answer = protected(&mut chip, &mut session, &read);
        assert_eq!(answer.status, StatusWord::SUCCESS, "Le {le}");
        assert!(
            !answer.data.is_empty() && answer.data.len() <= le,
            "Le {le}"
        );
        assert_eq!(answer.data, file[..answer.data.len()], "Le {le}");
        if (257..file.len()).contains(&le) {
            assert_eq!(answer.data.len(), le, "an extended Le is answered in full");
        }
    }
    let end = file.len() as u16;
    let near = |back: u16| {
        let [high, low] = (end - back).to_be_bytes();
        Command::new(0xB0, high, low, &[], Some(256))
    };
    let answer = protected(&mut chip, &mut session, &near(3));
    assert_eq!((answer.status, answer.data.len()), (StatusWord::SUCCESS, 3));
    let answer = protected(&mut chip, &mut session, &near(0));
    assert_eq!(answer.status, StatusWord::END_OF_FILE);
    let [high, low] = (end + 1).to_be_bytes();
    let beyond = Command::new(0xB0, high, low, &[], Some(256));
    assert_eq!(
        protected(&mut chip, &mut session, &beyond).status,
        StatusWord::WRONG_OFFSET
    );
    // The odd instruction, with the file as current one and by its short identifier.
    for place in [0, 2] {
        let odd = Command::new(0xB1, 0, place, &[0x54, 0x02, 0x01, 0x00], Some(6));
        let answer = protected(&mut chip, &mut session, &odd);
        assert_eq!(
            answer.data,
            [&[0x53, 0x04], &file[0x100..0x104]].concat(),
            "the header counts"
        );
        let few = Command::new(0xB1, 0, place, &[0x54, 0x02, 0x01, 0x00], Some(2));
        let answer = protected(&mut chip, &mut session, &few);
        assert_eq!(
            answer.data,
            [&[0x53, 0x02], &file[0x100..0x102]].concat(),
            "two for two"
        );
    }
}

#[test]
fn files_read_again_after_a_new_session_are_the_same() {
    let (mut chip, mut session) = session();
    let read = Command::new(0xB0, 0x81, 0, &[], Some(200));
    let first = protected(&mut chip, &mut session, &read).data;
    chip.reset();
    assert_eq!(
        send(&mut chip, "00B0820008"),
        "6A82",
        "after a reset nothing is selected"
    );
    let (mut chip, mut session) = self::session();
    assert_eq!(protected(&mut chip, &mut session, &read).data, first);
}

#[test]
fn lists_of_the_document_agree_with_what_is_on_the_chip() {
    let data = data_set(permit());
    let on_chip: Vec<DataGroup> = data
        .files
        .keys()
        .filter_map(|file| {
            if let FileId::Dg(group) = file {
                Some(*group)
            } else {
                None
            }
        })
        .collect();
    let com = EfCom::decode(&data.files[&FileId::Com]).unwrap();
    let sod = Sod::decode(&data.files[&FileId::Sod]).unwrap();
    let signed: Vec<DataGroup> = sod.object.hashes.iter().map(|(group, _)| *group).collect();
    assert_eq!((&com.groups, &signed), (&on_chip, &on_chip));
    let access = decode_set(&data.files[&FileId::CardAccess]).unwrap();
    let all = decode_dg14(&data.files[&FileId::Dg(DataGroup::DG14)]).unwrap();
    let repeated: Vec<_> = all
        .iter()
        .filter(|info| access.contains(info))
        .cloned()
        .collect();
    assert_eq!(
        repeated, access,
        "every SecurityInfo of EF.CardAccess, in the order written"
    );
}

#[test]
fn pace_takes_the_parameter_id_and_does_without_it_when_there_is_one_choice() {
    let mut chip = chip(permit());
    let one = "04007F00070202040202";
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 0F 800A{one} 830102")),
        "9000"
    );
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 12 800A{one} 830102 84010D")),
        "9000"
    );
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 12 800A{one} 830102 84010C")),
        "6A88"
    );
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 0F 800A{one} 830103")),
        "6A88",
        "no PIN"
    );
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 0C 800A{one}")),
        "6A80",
        "no password named"
    );
    assert_eq!(
        send(&mut chip, "0022C1A4 0F 800A04007F00070202040101 830102"),
        "6A80"
    );
    let utopia = issue("specimen-utopia/application");
    let mut chip = common::chip(&utopia);
    let two = "04007F00070202040204";
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 0F 800A{two} 830102")),
        "6A88",
        "two curves"
    );
    assert_eq!(
        send(&mut chip, &format!("0022C1A4 12 800A{two} 830102 840111")),
        "9000"
    );
}

#[test]
fn a_locked_chip_stays_locked_and_any_bytes_get_an_answer() {
    use rand_chacha::rand_core::Rng;
    let mut chip = chip(permit());
    assert!(chip.is_locked());
    let mut rng = rng(5);
    for round in 0..3_000u32 {
        let mut bytes = vec![0; (rng.next_u32() % 40) as usize];
        rng.fill_bytes(&mut bytes);
        // Half of them with a plausible head, so that they get further.
        if round % 2 == 0 && bytes.len() > 4 {
            let heads = [0xA4, 0xB0, 0xB1, 0x84, 0x82, 0x22, 0x86, 0x88, 0x50, 0xE0];
            bytes[0] = [0x00, 0x0C, 0x10, 0x80, 0x84][(round / 2 % 5) as usize];
            bytes[1] = heads[(round / 10 % 10) as usize];
        }
        assert!(chip.answer(&bytes).len() >= 2);
    }
    assert!(chip.is_locked());
}
