//! BAC, PACE, Chip Authentication and Active Authentication on the chip's side (Doc 9303-11).

use crate::chip::Chip;
use crate::files::Place;
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::pace::{self, Pace};
use rilascio_access::security_info::{self, CA_ECDH, PaceInfo, SecurityInfo};
use rilascio_access::{
    AccessPassword, PasswordKind, active_authentication, bac, chip_authentication,
};
use rilascio_keys::{CipherSuite, EcPrivateKey, HashAlgorithm, PrivateKey};
use rilascio_mrtd::lds::{DataGroup, FileId};
use rilascio_mrtd::tlv;
use zeroize::Zeroizing;

type Answer = Result<Response, StatusWord>;

const DYNAMIC_AUTHENTICATION_DATA: u32 = 0x7C;

/// The secrets of the chip. Wiped when dropped.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) mrz_information: Option<Zeroizing<String>>,
    pub(crate) can: Option<Zeroizing<String>>,
    pub(crate) allows_bac: bool,
    pub(crate) chip_authentication: Vec<ChipAuthenticationKey>,
    pub(crate) active_authentication: Option<(PrivateKey, HashAlgorithm)>,
}

/// A key of Chip Authentication.
pub(crate) struct ChipAuthenticationKey {
    pub(crate) id: Option<u64>,
    pub(crate) key: EcPrivateKey,
}

/// How far a run of a protocol has come.
#[derive(Default)]
pub(crate) enum Authentication {
    /// Nothing is under way.
    #[default]
    None,
    /// GET CHALLENGE was answered.
    Challenge([u8; 8]),
    /// PACE was chosen.
    Pace(Pace),
    /// The encrypted nonce was sent.
    PaceNonce(pace::Mapping),
    /// The generator was mapped.
    PaceMapped(pace::Agreement),
    /// The keys were agreed.
    PaceAgreed(pace::Confirmation),
    /// Chip Authentication with GENERAL AUTHENTICATE was chosen: the cipher and the place of the key.
    ChipKey(CipherSuite, usize),
}

impl Chip {
    pub(crate) fn get_challenge(&mut self, command: &Command) -> Answer {
        if command
            .le
            .is_some_and(|le| le != 8 && le != Command::SHORT_LE_MAX)
        {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let mut challenge = [0; 8];
        self.rng.fill_bytes(&mut challenge);
        self.volatile.authentication = Authentication::Challenge(challenge);
        Ok(Response::data(challenge.to_vec()))
    }

    /// BAC.
    pub(crate) fn external_authenticate(&mut self, command: &Command) -> Answer {
        let run = std::mem::take(&mut self.volatile.authentication);
        let information = self.credentials.mrz_information.as_ref();
        let (Some(information), true) = (information, self.credentials.allows_bac) else {
            return Err(StatusWord::UNKNOWN_INSTRUCTION);
        };
        if self.volatile.place != Place::Application || self.volatile.messaging.is_some() {
            return Err(StatusWord::CONDITIONS);
        }
        let Authentication::Challenge(challenge) = run else {
            return Err(StatusWord::CONDITIONS);
        };
        if command.data.len() != bac::MESSAGE_BYTES {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let keys = bac::access_keys(&AccessPassword::mrz(information));
        let mut k_ic = Zeroizing::new([0; 16]);
        self.rng.fill_bytes(&mut k_ic[..]);
        let (answer, session) = bac::answer(&keys, &challenge, &k_ic, &command.data)
            .map_err(|_| StatusWord::AUTHENTICATION_FAILED)?;
        self.volatile.next_messaging = Some(session);
        Ok(Response::data(answer))
    }

    pub(crate) fn set_security_environment(&mut self, command: &Command) -> Answer {
        self.volatile.authentication = Authentication::None;
        match u16::from_be_bytes([command.p1, command.p2]) {
            0xC1A4 => self.choose_pace(&command.data),
            0x41A4 => self.choose_chip_authentication(&command.data),
            0x41A6 => self.chip_authentication_at_once(&command.data),
            _ => Err(StatusWord::NOT_SUPPORTED),
        }
    }

    fn choose_pace(&mut self, data: &[u8]) -> Answer {
        let oid = object(data, 0x80)?.ok_or(StatusWord::WRONG_DATA)?;
        let info = self.pace_info(oid, number(object(data, 0x84)?)?)?;
        let password = match object(data, 0x83)? {
            Some([kind]) if *kind == PasswordKind::Mrz as u8 => self
                .credentials
                .mrz_information
                .as_ref()
                .map(|text| AccessPassword::mrz(text)),
            Some([kind]) if *kind == PasswordKind::Can as u8 => self
                .credentials
                .can
                .as_ref()
                .map(|text| AccessPassword::can(text)),
            Some(_) => None,
            None => return Err(StatusWord::WRONG_DATA),
        };
        let password = password.ok_or(StatusWord::NO_REFERENCE)?;
        let pace = Pace::new(info, &password).map_err(|_| StatusWord::WRONG_DATA)?;
        self.volatile.authentication = Authentication::Pace(pace);
        Ok(Response::data(Vec::new()))
    }

    /// What EF.CardAccess announces for a protocol; without parameter id there must be one choice.
    fn pace_info(&self, oid: &[u8], id: Option<u64>) -> Result<PaceInfo, StatusWord> {
        let file = self.files.file(Place::MasterFile, FileId::CardAccess.fid());
        let infos = file.and_then(|file| security_info::decode_set(&file.content).ok());
        let mut known = infos.into_iter().flatten().filter_map(|info| match info {
            SecurityInfo::Pace(info) if info.oid().as_bytes() == oid => Some(info),
            _ => None,
        });
        let Some(id) = id else {
            let only = known.next().ok_or(StatusWord::WRONG_DATA)?;
            return if known.next().is_none() {
                Ok(only)
            } else {
                Err(StatusWord::NO_REFERENCE)
            };
        };
        let mut announced = false;
        for info in known {
            announced = true;
            if info.parameter_id == Some(id) {
                return Ok(info);
            }
        }
        Err(if announced {
            StatusWord::NO_REFERENCE
        } else {
            StatusWord::WRONG_DATA
        })
    }

    pub(crate) fn general_authenticate(&mut self, command: &Command) -> Answer {
        let run = std::mem::take(&mut self.volatile.authentication);
        let data = tlv::read_only("7C", DYNAMIC_AUTHENTICATION_DATA, &command.data)
            .map_err(|_| StatusWord::WRONG_DATA)?;
        let rng = &mut *self.rng;
        let failed = |_| StatusWord::AUTHENTICATION_FAILED;
        let (next, tag, answer) = match run {
            Authentication::Pace(pace) => {
                let (sealed, mapping) = pace.choose_nonce(rng).map_err(failed)?;
                (Authentication::PaceNonce(mapping), 0x80, sealed)
            }
            Authentication::PaceNonce(mapping) => {
                let peer = object(data, 0x81)?.ok_or(StatusWord::WRONG_DATA)?;
                let own = mapping.point().to_vec();
                (
                    Authentication::PaceMapped(mapping.map(peer, rng).map_err(failed)?),
                    0x82,
                    own,
                )
            }
            Authentication::PaceMapped(agreement) => {
                let peer = object(data, 0x83)?.ok_or(StatusWord::WRONG_DATA)?;
                let own = agreement.point().to_vec();
                (
                    Authentication::PaceAgreed(agreement.agree(peer).map_err(failed)?),
                    0x84,
                    own,
                )
            }
            Authentication::PaceAgreed(confirmation) => {
                let token = object(data, 0x85)?.ok_or(StatusWord::WRONG_DATA)?;
                let own = confirmation.token().to_vec();
                let session = confirmation.confirm(token).map_err(failed)?;
                self.volatile.next_messaging = Some(session.messaging);
                (Authentication::None, 0x86, own)
            }
            Authentication::ChipKey(suite, key) => {
                let peer = object(data, 0x80)?.ok_or(StatusWord::WRONG_DATA)?;
                self.restart_session(suite, key, peer)?;
                let empty = tlv::encode(DYNAMIC_AUTHENTICATION_DATA, &[]);
                return Ok(Response::data(empty));
            }
            Authentication::None | Authentication::Challenge(_) => {
                return Err(StatusWord::CONDITIONS);
            }
        };
        self.volatile.authentication = next;
        let answer = tlv::encode(DYNAMIC_AUTHENTICATION_DATA, &tlv::encode(tag, &answer));
        Ok(Response::data(answer))
    }

    fn choose_chip_authentication(&mut self, data: &[u8]) -> Answer {
        let oid = object(data, 0x80)?.ok_or(StatusWord::WRONG_DATA)?;
        let suite = [
            CipherSuite::TripleDes,
            CipherSuite::Aes128,
            CipherSuite::Aes192,
            CipherSuite::Aes256,
        ]
        .into_iter()
        .find(|suite| security_info::with_cipher(CA_ECDH, *suite).as_bytes() == oid)
        .ok_or(StatusWord::WRONG_DATA)?;
        let id = number(object(data, 0x84)?)?;
        let key = self.chip_authentication_key(id)?;
        self.announced_chip_authentication(suite, id)?;
        self.volatile.authentication = Authentication::ChipKey(suite, key);
        Ok(Response::data(Vec::new()))
    }

    /// MSE:Set KAT, which 3DES uses: the terminal's key comes with the command itself.
    fn chip_authentication_at_once(&mut self, data: &[u8]) -> Answer {
        let peer = object(data, 0x91)?.ok_or(StatusWord::WRONG_DATA)?;
        let id = number(object(data, 0x84)?)?;
        let key = self.chip_authentication_key(id)?;
        self.announced_chip_authentication(CipherSuite::TripleDes, id)?;
        self.restart_session(CipherSuite::TripleDes, key, peer)?;
        Ok(Response::data(Vec::new()))
    }

    /// Refuses a cipher that DG14 does not announce: nobody forces a weaker one on the chip.
    fn announced_chip_authentication(
        &self,
        suite: CipherSuite,
        id: Option<u64>,
    ) -> Result<(), StatusWord> {
        let file = self
            .files
            .file(Place::Application, FileId::Dg(DataGroup::DG14).fid());
        let infos = file.and_then(|file| security_info::decode_dg14(&file.content).ok());
        let announced = infos.into_iter().flatten().any(|info| {
            matches!(info, SecurityInfo::ChipAuthentication { suite: known, key_id }
                if known == suite && (id.is_none() || key_id == id))
        });
        if announced {
            Ok(())
        } else {
            Err(StatusWord::WRONG_DATA)
        }
    }

    fn chip_authentication_key(&self, id: Option<u64>) -> Result<usize, StatusWord> {
        if self.volatile.messaging.is_none() {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let keys = &self.credentials.chip_authentication;
        let found = match id {
            None if keys.len() == 1 => Some(0),
            None => None,
            Some(id) => keys.iter().position(|key| key.id == Some(id)),
        };
        found.ok_or(StatusWord::NO_REFERENCE)
    }

    fn restart_session(
        &mut self,
        suite: CipherSuite,
        key: usize,
        peer: &[u8],
    ) -> Result<(), StatusWord> {
        let own = &self.credentials.chip_authentication[key].key;
        let session = chip_authentication::session(own, suite, peer)
            .map_err(|_| StatusWord::AUTHENTICATION_FAILED)?;
        self.volatile.next_messaging = Some(session);
        Ok(())
    }

    /// Active Authentication.
    pub(crate) fn internal_authenticate(&mut self, command: &Command) -> Answer {
        if self.volatile.messaging.is_none() {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let Some((key, hash)) = self.credentials.active_authentication.as_ref() else {
            return Err(StatusWord::UNKNOWN_INSTRUCTION);
        };
        if command.data.len() != active_authentication::CHALLENGE_BYTES {
            return Err(StatusWord::WRONG_LENGTH);
        }
        active_authentication::sign(key, *hash, &command.data, &mut *self.rng)
            .map(Response::data)
            .map_err(|_| StatusWord::NO_DIAGNOSIS)
    }
}

fn object(data: &[u8], tag: u32) -> Result<Option<&[u8]>, StatusWord> {
    tlv::find(data, tag).map_err(|_| StatusWord::WRONG_DATA)
}

fn number(bytes: Option<&[u8]>) -> Result<Option<u64>, StatusWord> {
    match bytes {
        None => Ok(None),
        Some(bytes) if (1..=8).contains(&bytes.len()) => Ok(Some(
            bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
        )),
        Some(_) => Err(StatusWord::WRONG_DATA),
    }
}
