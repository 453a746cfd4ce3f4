//! What a file is that was meant to be a spreadsheet and is none: said by its name, with the way to a spreadsheet, instead of the words of a reader that failed.

use std::io::Cursor;

use crate::error::OfficeError;

/// Bytes at the beginning in which a text says what it is.
const HEAD: usize = 1_000;

/// What is no spreadsheet by its first bytes; none when it may be one.
pub(crate) fn foreign(bytes: &[u8]) -> Option<OfficeError> {
    if bytes.starts_with(b"PK\x03\x04") {
        return foreign_archive(bytes);
    }
    if bytes.starts_with(b"%PDF-") {
        return Some(refused(
            "tệp PDF",
            "Hãy xin tệp Excel gốc, hoặc chép bảng vào Excel",
            "a PDF",
            "Ask for the original Excel file, or copy the table into Excel",
        ));
    }
    if [&b"\x89PNG"[..], b"\xff\xd8\xff", b"GIF8"].iter().any(|sign| bytes.starts_with(sign)) {
        return Some(refused(
            "ảnh",
            "Hãy xin tệp Excel gốc, hoặc gõ bảng vào Excel",
            "a picture",
            "Ask for the original Excel file, or type the table into Excel",
        ));
    }
    if [&b"Rar!"[..], b"7z\xbc\xaf"].iter().any(|sign| bytes.starts_with(sign)) {
        return Some(packed());
    }
    let head = String::from_utf8_lossy(bytes.get(..HEAD.min(bytes.len())).unwrap_or_default()).to_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if ["<html", "<!doctype html", "<table", "<head", "<meta"].iter().any(|tag| head.starts_with(tag)) {
        return Some(refused(
            "trang HTML mang đuôi của Excel",
            "Hãy mở bằng Excel, chọn Lưu dưới dạng “Excel Workbook (.xlsx)”",
            "a web page with the suffix of Excel",
            "Open it in Excel and save it as “Excel Workbook (.xlsx)”",
        ));
    }
    if head.starts_with("<?xml") {
        return Some(refused(
            "tệp XML",
            "Hãy mở bằng Excel, chọn Lưu dưới dạng “Excel Workbook (.xlsx)”",
            "an XML file",
            "Open it in Excel and save it as “Excel Workbook (.xlsx)”",
        ));
    }
    if head.starts_with("{\\rtf") {
        return Some(document());
    }
    None
}

/// Whether a file of the time before .docx and .xlsx, which could not be read as .xls, is a Word document: its directory names the part.
pub(crate) fn foreign_old(bytes: &[u8]) -> Option<OfficeError> {
    let part: Vec<u8> = "WordDocument".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(part.len()).any(|window| window == part).then(document)
}

/// An archive that holds no workbook. One that cannot be opened is left to the reader of workbooks.
fn foreign_archive(bytes: &[u8]) -> Option<OfficeError> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let has = |start: &str| archive.file_names().filter_map(Result::ok).any(|name| name.starts_with(start));
    if has("xl/") || has("content.xml") || has("EncryptedPackage") || has("[Content_Types].xml") && !has("word/") && !has("ppt/") {
        return None;
    }
    if has("word/") {
        return Some(document());
    }
    if has("ppt/") {
        return Some(refused(
            "tệp trình chiếu PowerPoint",
            "Hãy chép bảng vào Excel",
            "a PowerPoint presentation",
            "Copy the table into Excel",
        ));
    }
    Some(packed())
}

fn document() -> OfficeError {
    refused(
        "văn bản Word",
        "Hãy chép bảng vào Excel rồi lưu dạng .xlsx; thông báo kết luận thì nhập ở mục “Thông báo kết luận”",
        "a Word document",
        "Copy the table into Excel and save it as .xlsx; the conclusion of a conference comes in under “Conclusion”",
    )
}

fn packed() -> OfficeError {
    refused("tệp nén", "Hãy giải nén rồi chọn bảng tính bên trong", "a packed archive", "Unpack it and choose the spreadsheet in it")
}

fn refused(what_vi: &str, todo_vi: &str, what_en: &str, todo_en: &str) -> OfficeError {
    OfficeError::refused(
        "sheet_foreign",
        format!("Tệp này là {what_vi}, không phải bảng tính (.xlsx, .xls, .ods, .csv); chưa nhập gì. {todo_vi}."),
        format!("This file is {what_en} and no spreadsheet (.xlsx, .xls, .ods, .csv); nothing was imported. {todo_en}."),
    )
}
