//! Why a command ended without doing its work: what was wrong, where, and what to do.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// A fault that the person at the terminal reads.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: Kind,
    what: String,
    remedy: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The answer is no.
    Refused,
    /// Used wrongly.
    Usage,
    /// Could not be done.
    Failed,
}

impl Fault {
    /// The document is refused.
    pub(crate) fn refused(what: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Refused,
            what: what.to_string(),
            remedy: None,
        }
    }

    /// The command was used wrongly.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Usage,
            what: what.to_string(),
            remedy: None,
        }
    }

    /// The work could not be done.
    pub(crate) fn failed(what: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Failed,
            what: what.to_string(),
            remedy: None,
        }
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::failed(format!("{}: {why}", path.display()))
    }

    /// Adds what to do.
    pub(crate) fn remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = Some(remedy.to_string());
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Refused => 1,
            Kind::Usage => 2,
            Kind::Failed => 3,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  to do: {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<rilascio_works::Error> for Fault {
    fn from(fault: rilascio_works::Error) -> Self {
        let remedy = match &fault {
            rilascio_works::Error::Image { .. } => "replace the image in the application",
            rilascio_works::Error::ChipTooSmall { .. } => {
                "lower the sizes in [images] of the profile, or raise chip.bytes"
            }
            rilascio_works::Error::Artwork(_) => "correct the template or shorten the text",
            _ => return Self::failed(format!("{} ({})", fault, fault.code())),
        };
        Self::failed(format!("{} ({})", fault, fault.code())).remedy(remedy)
    }
}

impl From<rilascio_pki::Error> for Fault {
    fn from(fault: rilascio_pki::Error) -> Self {
        Self::failed(format!("{} ({})", fault, fault.code()))
    }
}

impl From<rilascio_keys::Error> for Fault {
    fn from(fault: rilascio_keys::Error) -> Self {
        Self::failed(format!("{} ({})", fault, fault.code()))
    }
}

impl From<rilascio_node::Error> for Fault {
    fn from(fault: rilascio_node::Error) -> Self {
        use rilascio_node::Error as E;
        match &fault {
            E::Refused(_) | E::Application(_) | E::Journal { .. } => Self::refused(fault),
            _ => Self::failed(fault),
        }
    }
}

impl From<rilascio_store::Error> for Fault {
    fn from(fault: rilascio_store::Error) -> Self {
        Self::failed(fault)
    }
}
