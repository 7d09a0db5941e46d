//! Worked examples of Doc 9303-11, appendix D, and both sides against each other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::{AccessPassword, SecureMessaging, active_authentication, bac};
use rilascio_access::{pace::Pace, security_info::PaceInfo};
use rilascio_keys::{CipherSuite, Curve, HashAlgorithm, PrivateKey, RsaSize, SessionKeys};

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

const INFORMATION: &str = "L898902C<369080619406236";

/// Appendix D.3 on both sides, then D.4 with the session.
#[test]
fn bac_and_secure_messaging_of_appendix_d() {
    let keys = || bac::access_keys(&AccessPassword::mrz(INFORMATION));
    let rnd_ic = array("4608F91988702212");
    let terminal = bac::Terminal::new(
        keys(),
        rnd_ic,
        array("781723860C06C226"),
        array("0B795240CB7049B01C19B33E32804F0B"),
    );
    let message = terminal.message().unwrap();
    assert_eq!(
        message,
        hex("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A7")
    );
    let k_ic = array("0B4F80323EB3191CB04970CB4052790B");
    let (answer, mut chip) = bac::answer(&keys(), &rnd_ic, &k_ic, &message).unwrap();
    assert_eq!(
        answer,
        hex("46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449")
    );
    let mut terminal = terminal.finish(&answer).unwrap();

    // D.4: SELECT EF.COM, READ BINARY of four bytes, READ BINARY of the rest.
    let select = Command::new(0xA4, 0x02, 0x0C, &[0x01, 0x1E], None);
    let protected = terminal.protect_command(&select).unwrap();
    assert_eq!(
        protected.encode(),
        hex("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800")
    );
    assert_eq!(chip.open_command(&protected).unwrap().data, select.data);
    let answer = chip
        .protect_response(0xA4, &Response::status(StatusWord::SUCCESS))
        .unwrap();
    assert_eq!(answer.encode(), hex("990290008E08FA855A5D4C50A8ED9000"));
    terminal.open_response(&answer).unwrap();

    let read = Command::new(0xB0, 0, 0, &[], Some(4));
    let protected = terminal.protect_command(&read).unwrap();
    assert_eq!(
        protected.encode(),
        hex("0CB000000D9701048E08ED6705417E96BA5500")
    );
    assert_eq!(chip.open_command(&protected).unwrap().le, Some(4));
    let answer = chip
        .protect_response(0xB0, &Response::data(hex("60145F01")))
        .unwrap();
    assert_eq!(
        answer.encode(),
        hex("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000")
    );
    assert_eq!(
        terminal.open_response(&answer).unwrap().data,
        hex("60145F01")
    );

    let rest = Command::new(0xB0, 0, 4, &[], Some(0x12));
    let protected = terminal.protect_command(&rest).unwrap();
    assert_eq!(
        protected.encode(),
        hex("0CB000040D9701128E082EA28A70F3C7B53500")
    );
    chip.open_command(&protected).unwrap();
    let content = hex("04303130365F36063034303030305C026175");
    let answer = chip
        .protect_response(0xB0, &Response::data(content.clone()))
        .unwrap();
    assert_eq!(
        answer.encode(),
        hex(
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000"
        )
    );
    assert_eq!(terminal.open_response(&answer).unwrap().data, content);
}

#[test]
fn the_long_number_seed_is_that_of_td2() {
    // Number D23145890734, nine characters in the field and the rest in the optional data.
    let mrz = rilascio_mrtd::mrz::mrz_information("D23145890734", "340712", "950712");
    assert_eq!(mrz, "D23145890734934071279507122");
    let direct = bac::access_keys(&AccessPassword::mrz(&mrz));
    let derived = SessionKeys::derive(
        CipherSuite::TripleDes,
        &hex("B366AD857DDCA2B08C0E299811714730"),
    );
    assert_eq!(*direct.encryption, *derived.encryption);
}

/// Gives the bytes it was made with, in order.
struct Scripted(Vec<u8>);

impl rand_chacha::rand_core::TryRng for Scripted {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.copy_from_slice(&self.0.drain(..out.len()).collect::<Vec<_>>());
        Ok(())
    }
}

impl rand_chacha::rand_core::TryCryptoRng for Scripted {}

/// Appendix G.1 from the nonce to the tokens, both sides with their published keys.
#[test]
fn pace_with_generic_mapping_of_appendix_g_1() {
    let password = || {
        let information = rilascio_mrtd::mrz::mrz_information("T22000129", "640812", "101031");
        AccessPassword::mrz(&information)
    };
    let info = PaceInfo {
        suite: CipherSuite::Aes128,
        parameter_id: Some(13),
    };
    let mut chip_keys = Scripted(hex("3F00C4D39D153F2B2A214A078D899B22
         498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560
         107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"));
    let mut terminal_keys = Scripted(hex(
        "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99
         A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595",
    ));
    let (sealed, chip) = Pace::new(info, &password())
        .unwrap()
        .choose_nonce(&mut chip_keys)
        .unwrap();
    assert_eq!(sealed, hex("95A3A016522EE98D01E76CB6B98B42C3"));
    let terminal = Pace::new(info, &password())
        .unwrap()
        .open_nonce(&sealed, &mut terminal_keys)
        .unwrap();
    let points = (chip.point().to_vec(), terminal.point().to_vec());
    let chip = chip.map(&points.1, &mut chip_keys).unwrap();
    let terminal = terminal.map(&points.0, &mut terminal_keys).unwrap();
    let points = (chip.point().to_vec(), terminal.point().to_vec());
    let chip = chip.agree(&points.1).unwrap();
    let terminal = terminal.agree(&points.0).unwrap();
    assert_eq!(terminal.token(), hex("C2B0BD78D94BA866"));
    assert_eq!(chip.token(), hex("3ABB9674BCE93C08"));
}

#[test]
fn pace_agrees_on_every_curve_and_cipher_and_refuses_a_wrong_password() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    for (curve, suite) in [
        (Curve::P256, CipherSuite::TripleDes),
        (Curve::P384, CipherSuite::Aes128),
        (Curve::BrainpoolP256r1, CipherSuite::Aes192),
        (Curve::BrainpoolP384r1, CipherSuite::Aes256),
        (Curve::BrainpoolP512r1, CipherSuite::Aes256),
    ] {
        let info = PaceInfo {
            suite,
            parameter_id: Some(curve.parameter_id().into()),
        };
        for (theirs, agrees) in [("123456", true), ("123457", false)] {
            let pace = |can| Pace::new(info, &AccessPassword::can(can)).unwrap();
            let (sealed, chip) = pace("123456").choose_nonce(&mut rng).unwrap();
            let terminal = pace(theirs).open_nonce(&sealed, &mut rng).unwrap();
            let points = (chip.point().to_vec(), terminal.point().to_vec());
            let chip = chip.map(&points.1, &mut rng).unwrap();
            let terminal = terminal.map(&points.0, &mut rng).unwrap();
            let points = (chip.point().to_vec(), terminal.point().to_vec());
            let chip = chip.agree(&points.1).unwrap();
            let terminal = terminal.agree(&points.0).unwrap();
            let token = terminal.token().to_vec();
            assert_eq!(chip.confirm(&token).is_ok(), agrees, "{curve:?} {suite:?}");
        }
    }
}

#[test]
fn active_authentication_proves_the_key_and_the_challenge() {
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    let keys = [
        PrivateKey::generate_ec(Curve::P256, &mut rng),
        PrivateKey::generate_ec(Curve::BrainpoolP384r1, &mut rng),
        PrivateKey::generate_rsa(RsaSize::Bits2048).unwrap(),
    ];
    for key in &keys {
        for hash in [
            HashAlgorithm::Sha1,
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha512,
        ] {
            let answer = active_authentication::sign(key, hash, &[7; 8], &mut rng).unwrap();
            let verify = |challenge: &[u8], answer: &[u8]| {
                active_authentication::verify(&key.public_key(), hash, challenge, answer)
            };
            assert!(verify(&[7; 8], &answer).is_ok());
            assert!(verify(&[8; 8], &answer).is_err());
            assert!(verify(&[7; 8], &answer[1..]).is_err());
        }
    }
}

proptest! {
    #[test]
    fn protected_messages_arrive_and_altered_ones_do_not(
        secret in any::<[u8; 32]>(),
        ins in any::<u8>(),
        data in prop::collection::vec(any::<u8>(), 0..600),
        le in prop::option::of(1usize..=65_536),
        suite in prop_oneof![Just(CipherSuite::TripleDes), Just(CipherSuite::Aes128), Just(CipherSuite::Aes256)],
        flip in any::<prop::sample::Index>(),
    ) {
        let session = || SecureMessaging::new(SessionKeys::derive(suite, &secret));
        let command = Command::new(ins, 1, 2, &data, le);
        let protected = session().protect_command(&command).unwrap();
        let opened = session().open_command(&Command::parse(&protected.encode()).unwrap()).unwrap();
        prop_assert_eq!((&opened.data, opened.le), (&command.data, command.le));
        let mut altered = protected.clone();
        let at = flip.index(altered.data.len());
        altered.data[at] ^= 1;
        prop_assert!(session().open_command(&altered).is_err());
        let response = Response::data(data);
        let protected = session().protect_response(ins, &response).unwrap();
        prop_assert_eq!(session().open_response(&protected).unwrap(), response);
    }

    #[test]
    fn any_bytes_under_secure_messaging_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut session = SecureMessaging::new(SessionKeys::derive(CipherSuite::Aes128, &[1; 32]));
        let command = Command { cla: 0x0C, ..Command::new(0xB0, 0, 0, &bytes, None) };
        prop_assert!(session.open_command(&command).is_err());
        let response = Response { data: bytes, status: StatusWord::SUCCESS };
        prop_assert!(session.open_response(&response).is_err());
    }
}
