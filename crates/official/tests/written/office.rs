//! LibreOffice opens what is written and sets it as the decree wants. Skipped where it is not installed.

use std::path::Path;
use std::process::Command;

use crate::samples;

const NAMES: [&str; 4] = ["report", "minutes", "letter", "register"];

#[test]
fn libreoffice_opens_every_sample_and_repeats_heads_and_page_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let samples =
        [samples::report(60).to_docx(), samples::minutes().to_docx(), samples::letter().to_docx(), samples::register(40).to_docx()];
    for (name, bytes) in NAMES.iter().zip(samples) {
        std::fs::write(folder.join(format!("{name}.docx")), bytes.unwrap()).unwrap();
    }
    if !converted(folder) {
        println!("skipped: no soffice");
        return;
    }
    keep_for_looking(folder);
    for name in NAMES {
        assert!(std::fs::read(folder.join(format!("{name}.pdf"))).unwrap().starts_with(b"%PDF"), "{name}");
    }
    let (Some(report), Some(minutes), Some(letter), Some(register)) =
        (pages(folder, "report"), pages(folder, "minutes"), pages(folder, "letter"), pages(folder, "register"))
    else {
        println!("skipped: no pdftotext");
        return;
    };
    if !has_widths_of_times_new_roman() {
        println!("skipped: no font with the widths of Times New Roman");
        return;
    }
    assert!(report.len() > 4, "{} pages", report.len());
    assert!(!first_line(&report[0]).starts_with('1'), "the first page has no number");
    for (at, page) in report.iter().enumerate().skip(1) {
        assert_eq!(first_line(page), (at + 1).to_string(), "the page number stands on top");
    }
    assert!(
        report[..4].iter().skip(1).all(|page| page.contains("Tên nhiệm vụ") && page.contains("(3)")),
        "the header row is on every page of the table"
    );
    assert!(report.last().unwrap().contains("Nơi nhận:"));
    assert_eq!((minutes.len(), letter.len()), (1, 1));
    assert!(letter[0].contains("Thành phố Hồ Chí Minh, ngày 05 tháng 02 năm 2026"), "a long place stays in one line");
    assert!(letter[0].contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), "Quốc hiệu stays in one line");
    assert!(register.iter().all(|page| page.contains("Số đến") && page.contains("(7)")));
}

fn converted(folder: &Path) -> bool {
    let profile = folder.join("profile");
    let files = NAMES.map(|name| folder.join(format!("{name}.docx")));
    let outcome = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", profile.display()))
        .args(["--headless", "--convert-to", "pdf", "--outdir"])
        .arg(folder)
        .args(files)
        .output();
    match outcome {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => false,
    }
}

/// The words of each page as they lie on it.
fn pages(folder: &Path, name: &str) -> Option<Vec<String>> {
    let output = Command::new("pdftotext").args(["-layout"]).arg(folder.join(format!("{name}.pdf"))).arg("-").output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect())
}

/// Copies everything to target/tmp/written, for whoever wants to see how it looks.
fn keep_for_looking(folder: &Path) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written");
    std::fs::create_dir_all(&kept).unwrap();
    for name in NAMES {
        for ending in ["docx", "pdf"] {
            let file = format!("{name}.{ending}");
            std::fs::copy(folder.join(&file), kept.join(&file)).unwrap();
        }
    }
}

/// Where lines and pages end depends on the font; Liberation Serif and Tinos have the same widths as the one the decree names.
fn has_widths_of_times_new_roman() -> bool {
    let output = Command::new("fc-match").args(["-f", "%{family}", "Times New Roman"]).output();
    output.is_ok_and(|output| {
        let family = String::from_utf8_lossy(&output.stdout).into_owned();
        ["Times New Roman", "Liberation Serif", "Tinos"].iter().any(|like| family.contains(like))
    })
}

fn first_line(page: &str) -> &str {
    page.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}
