//! The machines of this program: data preparation, engraving, a virtual chip that is written and read back.

use crate::authority_store::{Authority, AuthorityStore};
use crate::catalogue::Catalogue;
use crate::entropy;
use crate::fault::Fault;
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_access::AccessPassword;
use rilascio_circuit::process::{Defect, Digest};
use rilascio_circuit::{Application, Profile, Record};
use rilascio_exchange::message::Package;
use rilascio_inspection::{Outcome, Report, Verdict, inspect_chip};
use rilascio_mrtd::lds::FileId;
use rilascio_node::{MadeDocument, Production, ProductionFault, ProductionRequest};
use rilascio_works::{DataSet, EngravedFace, Images, check_faces, engrave, prepare, virtual_chip};
use std::sync::{Arc, Mutex, PoisonError};

/// A document that was made, with everything that goes into its folder.
pub(crate) struct Product {
    pub(crate) profile: Arc<Profile>,
    pub(crate) record: Record,
    pub(crate) authority: Authority,
    pub(crate) data: DataSet,
    pub(crate) faces: Vec<EngravedFace>,
    pub(crate) proof: Vec<u8>,
    pub(crate) report: Report,
}

/// Who takes the product.
pub(crate) type Taker = Box<dyn Fn(&ProductionRequest, Product) -> Result<(), Fault> + Send + Sync>;

/// The machines.
pub(crate) struct VirtualWorks {
    authorities: Mutex<AuthorityStore>,
    catalogue: Arc<Catalogue>,
    take: Taker,
    tell: Box<dyn Fn(&str) + Send + Sync>,
    fault: Mutex<Option<Fault>>,
}

/// The images of a package that the record uses.
pub(crate) fn images(
    application: &Application,
    package: &Package,
    record: &Record,
) -> Result<Images, Fault> {
    let read = |name: &str| {
        let bytes = package.images.get(name);
        bytes
            .map(|bytes| bytes.0.clone())
            .ok_or_else(|| Fault::failed(format!("no image {name}")))
    };
    let prints = record.prints.prints.iter().map(|place| {
        let print = &application.print[*place];
        Ok((print.finger, print.quality, read(&print.image)?))
    });
    Ok(Images {
        portrait: read(&application.images.portrait)?,
        signature: application
            .images
            .signature
            .as_deref()
            .map(read)
            .transpose()?,
        prints: prints.collect::<Result<_, Fault>>()?,
    })
}

impl VirtualWorks {
    pub(crate) fn new(
        authorities: AuthorityStore,
        catalogue: Arc<Catalogue>,
        take: Taker,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        Self {
            authorities: Mutex::new(authorities),
            catalogue,
            take,
            tell,
            fault: Mutex::new(None),
        }
    }

    /// Why the last document was not made.
    pub(crate) fn last_fault(&self) -> Option<Fault> {
        self.fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn authority(
        &self,
        profile: &Profile,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Authority, Fault> {
        (self.tell)("opening the authority");
        let authorities = self
            .authorities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        authorities.authority(profile, at, rng, &*self.tell)
    }

    fn produce(&self, request: &ProductionRequest) -> Result<MadeDocument, Fault> {
        let (profile, record) = (&request.profile, &request.record);
        let mut rng = entropy::generator()?;
        let application = Application::parse("application", &request.package.application)
            .map_err(Fault::failed)?;
        let images = images(&application, &request.package, record)?;
        let template = |path: &str| self.catalogue.template(path);
        check_faces(profile, record, &images, &template)?;
        let authority = self.authority(profile, request.at, &mut rng)?;
        (self.tell)("preparing the data");
        let (signer, anchors) = (&authority.signer, &authority.anchors);
        let data = prepare(
            profile, record, &images, signer, anchors, request.at, &mut rng,
        )?;
        (self.tell)("engraving the faces");
        let can = data.secrets.can.as_ref().map(|can| can.as_str());
        let (faces, proof) = engrave(profile, record, &images, can, &template, request.at)?;
        (self.tell)("writing the chip and reading it back");
        let report = read_back(&data, record, anchors, request.at, &mut rng)?;
        let sod = data.files.get(&FileId::Sod).map(|sod| Digest::of(sod));
        let sod = sod.ok_or_else(|| Fault::failed("the document has no security object"))?;
        let product = Product {
            profile: Arc::clone(profile),
            record: record.clone(),
            authority,
            data,
            faces,
            proof,
            report,
        };
        (self.take)(request, product)?;
        Ok(MadeDocument {
            sod,
            machine: "virtual-1".to_owned(),
        })
    }
}

/// Writes a virtual chip and reads it as a terminal does.
fn read_back(
    data: &DataSet,
    record: &Record,
    anchors: &rilascio_pki::TrustAnchors,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Report, Fault> {
    let mut chip = virtual_chip(data, Box::new(entropy::generator()?), rng, &mut |_, _| {})?;
    let password = AccessPassword::mrz(&data.secrets.mrz_information);
    let report = inspect_chip(
        &mut chip,
        &password,
        Some(record.mrz.as_str()),
        anchors,
        at,
        rng,
    );
    if report.verdict() != Verdict::Valid {
        let failed = report
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed);
        let failed: Vec<String> = failed
            .map(|check| format!("{}: {}", check.check.title(), check.why))
            .collect();
        return Err(Fault::failed(format!(
            "the chip does not read back: {}",
            failed.join("; ")
        )));
    }
    Ok(report)
}

impl Production for VirtualWorks {
    fn make(&self, request: &ProductionRequest) -> Result<MadeDocument, ProductionFault> {
        self.produce(request).map_err(|fault| {
            let text = fault.to_string();
            let spoiled = text.contains("does not read back");
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            if spoiled {
                ProductionFault::Defect(Defect::QualityControl)
            } else {
                ProductionFault::Standstill(text)
            }
        })
    }
}

/// The machines, also for whoever asks them why they stand still.
pub(crate) struct Shared(pub(crate) Arc<VirtualWorks>);

impl Production for Shared {
    fn make(&self, request: &ProductionRequest) -> Result<MadeDocument, ProductionFault> {
        self.0.make(request)
    }
}
