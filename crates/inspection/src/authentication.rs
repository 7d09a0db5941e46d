//! BAC, PACE, Chip Authentication and Active Authentication on the terminal's side (Doc 9303-11).

use crate::terminal::{ReadError, Terminal};
use rand_core::CryptoRng;
use rilascio_access::apdu::Command;
use rilascio_access::pace::Pace;
use rilascio_access::security_info::{self, CA_ECDH, PaceInfo, SecurityInfo};
use rilascio_access::{AccessPassword, active_authentication, bac, chip_authentication};
use rilascio_keys::{CipherSuite, Curve, HashAlgorithm, PublicKey, SignatureAlgorithm};
use rilascio_mrtd::lds::FileId;
use rilascio_mrtd::tlv;

const DYNAMIC_AUTHENTICATION_DATA: u32 = 0x7C;
/// The class bit that says more commands follow.
const CHAINING: u8 = 0x10;

type Result<T> = std::result::Result<T, ReadError>;

/// The strongest variant of PACE that a chip announces and this terminal computes.
pub(crate) fn best_pace(card_access: &[u8]) -> Option<PaceInfo> {
    let infos = security_info::decode_set(card_access).ok()?;
    infos
        .into_iter()
        .filter_map(|info| match info {
            SecurityInfo::Pace(info) if info.curve().is_some() => Some(info),
            _ => None,
        })
        .max_by_key(|info| (info.suite.oid_arc(), info.curve().map(Curve::field_bytes)))
}

/// Reads EF.CardAccess, if there is one.
pub(crate) fn read_card_access(terminal: &mut Terminal<'_>) -> Result<Option<Vec<u8>>> {
    // A chip without a master file of its own may refuse to select it.
    if let Err(fault @ (ReadError::Channel(_) | ReadError::Access(_))) =
        terminal.select_master_file()
    {
        return Err(fault);
    }
    match terminal.read_file(FileId::CardAccess) {
        Ok(file) => Ok(Some(file)),
        Err(fault @ (ReadError::Channel(_) | ReadError::Access(_))) => Err(fault),
        Err(_) => Ok(None),
    }
}

/// Opens a session with PACE; the application is not selected yet.
pub(crate) fn open_pace(
    terminal: &mut Terminal<'_>,
    info: PaceInfo,
    password: &AccessPassword,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let mut parameters = vec![
        tlv::encode(0x80, info.oid().as_bytes()),
        tlv::encode(0x83, &[password.kind() as u8]),
    ];
    parameters.extend(info.parameter_id.map(|id| tlv::encode(0x84, &number(id))));
    let command = Command::new(0x22, 0xC1, 0xA4, &parameters.concat(), None);
    terminal.expect("MSE:Set AT for PACE", &command)?;
    let sealed = general_authenticate(terminal, true, &[], 0x80)?;
    let mapping = Pace::new(info, password)?.open_nonce(&sealed, rng)?;
    let own = tlv::encode(0x81, mapping.point());
    let peer = general_authenticate(terminal, true, &own, 0x82)?;
    let agreement = mapping.map(&peer, rng)?;
    let own = tlv::encode(0x83, agreement.point());
    let peer = general_authenticate(terminal, true, &own, 0x84)?;
    let confirmation = agreement.agree(&peer)?;
    let own = tlv::encode(0x85, confirmation.token());
    let token = general_authenticate(terminal, false, &own, 0x86)?;
    terminal.set_session(Some(confirmation.confirm(&token)?.messaging));
    Ok(())
}

/// A reference in as few bytes as it takes.
fn number(id: u64) -> Vec<u8> {
    let bytes = id.to_be_bytes();
    let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

fn general_authenticate(
    terminal: &mut Terminal<'_>,
    more: bool,
    data: &[u8],
    tag: u32,
) -> Result<Vec<u8>> {
    let data = tlv::encode(DYNAMIC_AUTHENTICATION_DATA, data);
    let command = Command::new(0x86, 0, 0, &data, Some(Command::SHORT_LE_MAX));
    let command = Command {
        cla: if more { CHAINING } else { 0 },
        ..command
    };
    let answer = terminal.expect("GENERAL AUTHENTICATE", &command)?;
    let read = || {
        let content = tlv::read_only("7C", DYNAMIC_AUTHENTICATION_DATA, &answer)?;
        tlv::expect("7C", content, tag).map(<[u8]>::to_vec)
    };
    read().map_err(|fault| ReadError::Access(fault.into()))
}

/// Opens a session with BAC; the application must be selected.
pub(crate) fn open_bac(
    terminal: &mut Terminal<'_>,
    password: &AccessPassword,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let command = Command::new(0x84, 0, 0, &[], Some(8));
    let challenge = terminal.expect("GET CHALLENGE", &command)?;
    let challenge = challenge.try_into().map_err(|_| {
        ReadError::Access(rilascio_access::Error::SecureMessaging {
            why: "a challenge that is not 8 bytes long",
        })
    })?;
    let (mut rnd_ifd, mut k_ifd) = ([0; 8], [0; 16]);
    rng.fill_bytes(&mut rnd_ifd);
    rng.fill_bytes(&mut k_ifd);
    let run = bac::Terminal::new(bac::access_keys(password), challenge, rnd_ifd, k_ifd);
    let command = Command::new(0x82, 0, 0, &run.message()?, Some(bac::MESSAGE_BYTES));
    let answer = terminal.expect("EXTERNAL AUTHENTICATE", &command)?;
    terminal.set_session(Some(run.finish(&answer)?));
    Ok(())
}

/// What DG14 says about Chip Authentication: the cipher, the key and its id.
pub(crate) struct ChipAuthentication {
    pub(crate) suite: CipherSuite,
    pub(crate) key_id: Option<u64>,
    pub(crate) curve: Curve,
    pub(crate) point: Vec<u8>,
}

impl ChipAuthentication {
    /// The strongest variant whose key is there.
    pub(crate) fn announced(infos: &[SecurityInfo]) -> Option<Self> {
        infos
            .iter()
            .filter_map(|info| match info {
                SecurityInfo::ChipAuthenticationPublicKey { spki, key_id } => {
                    let key = PublicKey::from_spki_der(spki).ok()?;
                    let PublicKey::Ec { curve, point } = key else {
                        return None;
                    };
                    // Without an info of its own the key is for 3DES (TR-03110-3, A.1.1.2).
                    let suite = infos
                        .iter()
                        .filter_map(|info| match info {
                            SecurityInfo::ChipAuthentication { suite, key_id: id }
                                if id == key_id =>
                            {
                                Some(*suite)
                            }
                            _ => None,
                        })
                        .max_by_key(|suite| suite.oid_arc())
                        .unwrap_or(CipherSuite::TripleDes);
                    Some(Self {
                        suite,
                        key_id: *key_id,
                        curve,
                        point,
                    })
                }
                _ => None,
            })
            .max_by_key(|found| found.suite.oid_arc())
    }

    /// Runs Chip Authentication; the new session proves itself with the next response.
    pub(crate) fn run(self, terminal: &mut Terminal<'_>, rng: &mut dyn CryptoRng) -> Result<()> {
        let run = chip_authentication::Terminal::new(self.curve, rng);
        let id = self
            .key_id
            .map(|id| tlv::encode(0x84, &number(id)))
            .unwrap_or_default();
        if self.suite == CipherSuite::TripleDes {
            let data = [tlv::encode(0x91, run.point()), id].concat();
            let command = Command::new(0x22, 0x41, 0xA6, &data, None);
            terminal.expect("MSE:Set KAT", &command)?;
        } else {
            let oid = security_info::with_cipher(CA_ECDH, self.suite);
            let data = [tlv::encode(0x80, oid.as_bytes()), id].concat();
            let command = Command::new(0x22, 0x41, 0xA4, &data, None);
            terminal.expect("MSE:Set AT for Chip Authentication", &command)?;
            let point = tlv::encode(0x80, run.point());
            let data = tlv::encode(DYNAMIC_AUTHENTICATION_DATA, &point);
            let command = Command::new(0x86, 0, 0, &data, Some(Command::SHORT_LE_MAX));
            terminal.expect("GENERAL AUTHENTICATE", &command)?;
        }
        terminal.set_session(Some(run.session(self.suite, &self.point)?));
        Ok(())
    }
}

/// Runs Active Authentication with the key of DG15.
pub(crate) fn active_authentication(
    terminal: &mut Terminal<'_>,
    dg15: &[u8],
    infos: &[SecurityInfo],
    rng: &mut dyn CryptoRng,
) -> Result<&'static str> {
    let malformed = |why: String| ReadError::File {
        file: "DG15".into(),
        why,
    };
    let spki = tlv::read_only("DG15", 0x6F, dg15).map_err(|fault| malformed(fault.to_string()))?;
    let key = PublicKey::from_spki_der(spki).map_err(|fault| malformed(fault.to_string()))?;
    let announced = infos.iter().find_map(|info| match info {
        SecurityInfo::ActiveAuthentication {
            algorithm: SignatureAlgorithm::Ecdsa(hash),
        } => Some(*hash),
        _ => None,
    });
    let hash = announced.unwrap_or(match &key {
        PublicKey::Ec { curve, .. } if curve.field_bytes() > 48 => HashAlgorithm::Sha512,
        PublicKey::Ec { curve, .. } if curve.field_bytes() > 32 => HashAlgorithm::Sha384,
        _ => HashAlgorithm::Sha256,
    });
    let mut challenge = [0; active_authentication::CHALLENGE_BYTES];
    rng.fill_bytes(&mut challenge);
    let command = Command::new(0x88, 0, 0, &challenge, Some(Command::SHORT_LE_MAX));
    let answer = terminal.expect("INTERNAL AUTHENTICATE", &command)?;
    active_authentication::verify(&key, hash, &challenge, &answer)?;
    Ok(match key {
        PublicKey::Ec { .. } => "ECDSA",
        PublicKey::Rsa { .. } => "RSA, ISO/IEC 9796-2",
    })
}
