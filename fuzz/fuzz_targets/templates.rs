//! Any bytes as a template of ISO/IEC 19794-2, of this program, and as the log of a gallery; templates are compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_biometrics::{
    PackedPrint, Prepared, PrintTemplate, RecordEdition, SearchProbe, compare, read_template,
    write_template,
};

fn use_template(template: PrintTemplate) {
    let prepared = Prepared::from(template);
    let _ = compare(&prepared, &prepared).score();
    let packed = PackedPrint::from(&prepared);
    let _ = SearchProbe::from(&packed).likeness(packed.words());
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(views) = read_template(bytes) {
        for edition in [RecordEdition::V2005, RecordEdition::V2011] {
            let _ = write_template(&views, edition);
        }
        views
            .into_iter()
            .take(3)
            .for_each(|view| use_template(view.template));
    }
    if let Ok(template) = PrintTemplate::from_bytes(bytes) {
        use_template(template);
    }
    let _ = rilascio_gallery::log_entries(bytes);
});
