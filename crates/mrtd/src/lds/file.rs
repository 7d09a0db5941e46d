//! Which files there are, and how they are addressed (Doc 9303-10, 4.6, tables 36 to 39).

use std::fmt;

/// A data group of the eMRTD application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataGroup(u8);

impl DataGroup {
    /// DG1, the MRZ.
    pub const DG1: Self = Self(1);
    /// DG2, the face.
    pub const DG2: Self = Self(2);
    /// DG3, the fingerprints.
    pub const DG3: Self = Self(3);
    /// DG4, the irises.
    pub const DG4: Self = Self(4);
    /// DG7, the displayed signature.
    pub const DG7: Self = Self(7);
    /// DG11, additional personal details.
    pub const DG11: Self = Self(11);
    /// DG12, additional document details.
    pub const DG12: Self = Self(12);
    /// DG14, security options.
    pub const DG14: Self = Self(14);
    /// DG15, the key of Active Authentication.
    pub const DG15: Self = Self(15);

    /// The data group of that number, 1 to 16.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=16).contains(&number).then_some(Self(number))
    }

    /// All sixteen.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=16).map(Self)
    }

    /// The data group whose file begins with `tag`.
    #[must_use]
    pub fn from_tag(tag: u8) -> Option<Self> {
        TAGS.iter()
            .position(|t| *t == tag)
            .map(|n| Self(n as u8 + 1))
    }

    /// Its number, 1 to 16.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The tag its file begins with.
    #[must_use]
    pub fn tag(self) -> u8 {
        TAGS[usize::from(self.0) - 1]
    }

    /// True for fingerprints and irises, which need Terminal Authentication.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        matches!(self.0, 3 | 4)
    }
}

impl fmt::Display for DataGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DG{}", self.0)
    }
}

const TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

/// A file of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileId {
    /// EF.ATR/INFO, in the master file.
    AtrInfo,
    /// EF.DIR, in the master file.
    Dir,
    /// EF.CardAccess, in the master file.
    CardAccess,
    /// EF.CardSecurity, in the master file.
    CardSecurity,
    /// EF.COM, in the application.
    Com,
    /// EF.SOD, in the application.
    Sod,
    /// EF.CVCA, in the application.
    Cvca,
    /// A data group, in the application.
    Dg(DataGroup),
}

impl FileId {
    /// The application identifier of the eMRTD application.
    pub const AID: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

    /// The file identifier.
    #[must_use]
    pub fn fid(self) -> u16 {
        match self {
            Self::AtrInfo => 0x2F01,
            Self::Dir => 0x2F00,
            Self::CardAccess | Self::Cvca => 0x011C,
            Self::CardSecurity | Self::Sod => 0x011D,
            Self::Com => 0x011E,
            Self::Dg(group) => 0x0100 | u16::from(group.number()),
        }
    }

    /// The short file identifier.
    #[must_use]
    pub fn sfi(self) -> u8 {
        match self {
            Self::AtrInfo => 0x01,
            Self::Dir | Self::Com => 0x1E,
            Self::CardAccess | Self::Cvca => 0x1C,
            Self::CardSecurity | Self::Sod => 0x1D,
            Self::Dg(group) => group.number(),
        }
    }

    /// True when the file is in the master file and not in the application.
    #[must_use]
    pub fn is_in_master_file(self) -> bool {
        matches!(
            self,
            Self::AtrInfo | Self::Dir | Self::CardAccess | Self::CardSecurity
        )
    }

    /// The name in a document folder, without `.bin`: `EF.COM`, `DG1`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::AtrInfo => "EF.ATR-INFO".into(),
            Self::Dir => "EF.DIR".into(),
            Self::CardAccess => "EF.CardAccess".into(),
            Self::CardSecurity => "EF.CardSecurity".into(),
            Self::Com => "EF.COM".into(),
            Self::Sod => "EF.SOD".into(),
            Self::Cvca => "EF.CVCA".into(),
            Self::Dg(group) => group.to_string(),
        }
    }

    /// The file of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|file| file.name() == name)
    }

    /// Every file that an eMRTD may have.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::AtrInfo,
            Self::Dir,
            Self::CardAccess,
            Self::CardSecurity,
            Self::Com,
            Self::Sod,
            Self::Cvca,
        ]
        .into_iter()
        .chain(DataGroup::all().map(Self::Dg))
    }
}

/// The version of the logical data structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LdsVersion {
    /// LDS 1.7, Unicode 4.0.0: an SOD of version 0.
    V1_7,
    /// LDS 1.8, Unicode 4.0.0: an SOD of version 1 that repeats both versions.
    V1_8,
}

impl LdsVersion {
    /// Four digits, as EF.COM and the SOD write it.
    #[must_use]
    pub fn lds(self) -> &'static str {
        match self {
            Self::V1_7 => "0107",
            Self::V1_8 => "0108",
        }
    }

    /// The Unicode version, six digits.
    #[must_use]
    pub fn unicode(self) -> &'static str {
        "040000"
    }

    /// The version of those four digits.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        match digits {
            "0107" => Some(Self::V1_7),
            "0108" => Some(Self::V1_8),
            _ => None,
        }
    }
}
