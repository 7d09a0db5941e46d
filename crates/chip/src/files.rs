//! The file system: the master file, and the eMRTD application below it.

use rilascio_access::apdu::StatusWord;
use std::collections::BTreeMap;

/// What must have happened before a file may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReadAccess {
    /// Nothing.
    Always = 0,
    /// BAC or PACE.
    Session = 1,
    /// Terminal Authentication with the right for this file.
    Terminal = 2,
}

impl ReadAccess {
    /// The access rule of that security attribute.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Always, Self::Session, Self::Terminal]
            .into_iter()
            .find(|rule| *rule as u8 == byte)
    }
}

/// A transparent file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) sfi: u8,
    pub(crate) access: ReadAccess,
    pub(crate) content: Vec<u8>,
}

/// A directory with its files by identifier.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) aid: Vec<u8>,
    pub(crate) files: BTreeMap<u16, File>,
}

/// Which directory is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    #[default]
    MasterFile,
    Application,
}

/// All files of the chip.
#[derive(Debug)]
pub(crate) struct FileSystem {
    master: Directory,
    application: Option<Directory>,
    bytes_left: usize,
}

impl FileSystem {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            master: Directory::default(),
            application: None,
            bytes_left: bytes,
        }
    }

    pub(crate) fn directory(&self, place: Place) -> Option<&Directory> {
        match place {
            Place::MasterFile => Some(&self.master),
            Place::Application => self.application.as_ref(),
        }
    }

    pub(crate) fn file(&self, place: Place, fid: u16) -> Option<&File> {
        self.directory(place)?.files.get(&fid)
    }

    pub(crate) fn file_mut(&mut self, place: Place, fid: u16) -> Option<&mut File> {
        match place {
            Place::MasterFile => self.master.files.get_mut(&fid),
            Place::Application => self.application.as_mut()?.files.get_mut(&fid),
        }
    }

    pub(crate) fn fid_of_sfi(&self, place: Place, sfi: u8) -> Option<u16> {
        let files = &self.directory(place)?.files;
        files
            .iter()
            .find(|(_, file)| file.sfi == sfi)
            .map(|(fid, _)| *fid)
    }

    pub(crate) fn create_application(&mut self, aid: &[u8]) -> Result<(), StatusWord> {
        if self.application.is_some() {
            return Err(StatusWord::FILE_EXISTS);
        }
        self.application = Some(Directory {
            aid: aid.to_vec(),
            ..Directory::default()
        });
        Ok(())
    }

    pub(crate) fn create_file(
        &mut self,
        place: Place,
        fid: u16,
        sfi: u8,
        access: ReadAccess,
        size: usize,
    ) -> Result<(), StatusWord> {
        if self.file(place, fid).is_some() {
            return Err(StatusWord::FILE_EXISTS);
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(size)
            .ok_or(StatusWord::NO_ROOM)?;
        let directory = match place {
            Place::MasterFile => &mut self.master,
            Place::Application => self.application.as_mut().ok_or(StatusWord::NOT_FOUND)?,
        };
        directory.files.insert(
            fid,
            File {
                sfi,
                access,
                content: vec![0; size],
            },
        );
        Ok(())
    }
}
