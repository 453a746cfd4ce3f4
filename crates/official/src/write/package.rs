//! The parts of a .docx file (ECMA-376) in their archive.

use std::io::{BufWriter, Seek, Write};

use quick_xml::escape::escape;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::error::WriteError;
use super::sheet::{Orientation, Sheet, clean};

/// Parts that are the same in every file, before the document itself.
const FIXED: [(&str, &str); 6] = [
    ("[Content_Types].xml", include_str!("parts/content_types.xml")),
    ("_rels/.rels", include_str!("parts/package_rels.xml")),
    ("word/_rels/document.xml.rels", include_str!("parts/document_rels.xml")),
    ("word/styles.xml", include_str!("parts/styles.xml")),
    ("word/settings.xml", include_str!("parts/settings.xml")),
    ("word/header1.xml", include_str!("parts/header.xml")),
];

/// Packs a document whose body `write` puts on the sheet. Every time in the archive is the same, so equal documents have equal bytes.
pub(super) fn pack(
    out: impl Write + Seek,
    title: &str,
    first_page: Orientation,
    write: impl FnOnce(&mut Sheet<'_>) -> std::io::Result<()>,
) -> Result<(), WriteError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(out);
    for (name, part) in FIXED {
        archive.start_file(name, options)?;
        archive.write_all(part.as_bytes())?;
    }
    archive.start_file("docProps/core.xml", options)?;
    archive.write_all(core_properties(title).as_bytes())?;
    archive.start_file("word/document.xml", options)?;
    let mut buffered = BufWriter::new(&mut archive);
    let mut sheet = Sheet::begin(&mut buffered, first_page)?;
    write(&mut sheet)?;
    sheet.end()?;
    buffered.flush()?;
    drop(buffered);
    archive.finish()?;
    Ok(())
}

/// Title and language; no author, for the program does not know who will sign for the words.
fn core_properties(title: &str) -> String {
    let title = clean(title);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:language>vi-VN</dc:language></cp:coreProperties>\n",
        escape(title.as_str())
    )
}
