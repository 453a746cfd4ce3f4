//! Search and overlap over many records, beside tantivy with its own analyser on the same texts.

use std::path::Path;
use std::time::{Duration, Instant};

use finder::{Among, Entry, Finder, Proposal, Query};
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{STORED, STRING, Schema, TEXT};
use tantivy::{Index, TantivyDocument};

use super::{number_from, say};

/// Entries put before a commit.
const BATCH: usize = 20_000;
const QUESTIONS: usize = 300;
const PROPOSALS: usize = 100;

pub fn search() {
    let count = number_from("LIENVUNG_BENCH_RECORDS", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let words = Phrases::new();
    let catalogue = catalogue::Catalogue::builtin().unwrap();
    let finder = Finder::open(&folder.path().join("own"), office::vocabulary_of(&catalogue)).unwrap();
    let (mut seconds, mut bytes) = (Duration::ZERO, 0);
    for from in (0..count).step_by(BATCH) {
        let entries: Vec<Entry> = (from..(from + BATCH).min(count)).map(|number| words.entry(number)).collect();
        bytes += entries.iter().map(|entry| entry.title.len() + entry.text.len()).sum::<usize>();
        let started = Instant::now();
        finder.put(&entries).unwrap();
        finder.commit(from as u64).unwrap();
        seconds += started.elapsed();
    }
    say(&format!("index of {count} records"), &format!("{:.0} records/s (goal ≥ 10,000)", count as f64 / seconds.as_secs_f64()));
    let size = size_of(&folder.path().join("own"));
    say(
        "  its size to the text (goal ≤ 1.2)",
        &format!("{:.2} ({:.0} MB; text {:.0} MB)", size as f64 / bytes as f64, mb(size), mb(bytes)),
    );
    let everybody = || vec!["public".to_owned()];
    let questions: Vec<String> = (0..QUESTIONS).map(|number| words.question(number, count)).collect();
    let ask = |text: &str| {
        let query = Query { text: text.to_owned(), visible_to: everybody(), limit: 20, ..Query::default() };
        finder.search(&query).unwrap().hits.len()
    };
    let own = p95(&questions, |text| {
        ask(text);
    });
    let beginnings: Vec<String> = questions.iter().map(|text| text.chars().take(9).collect()).collect();
    let completion = p95(&beginnings, |text| {
        finder.complete(text, &everybody(), 8).unwrap();
    });
    let proposals: Vec<String> = (0..PROPOSALS).map(|number| words.proposal(number, count)).collect();
    let (mut found, mut number) = (0, 0);
    let overlap = p95(&proposals, |text| {
        let proposal = Proposal { parts: vec![("content".to_owned(), text.to_owned())] };
        let among = Among { visible_to: everybody(), ..Among::default() };
        let overlaps = finder.overlaps(&proposal, &among, 5).unwrap();
        found += usize::from(overlaps.iter().any(|overlap| overlap.id == words.entry(source_of(number, count)).id));
        number += 1;
    });
    say("  search p95 (goal ≤ 50 ms)", &format!("{own:.1} ms"));
    say("  completion p95 (goal ≤ 20 ms)", &format!("{completion:.1} ms"));
    say("  overlap of two pages p95 (goal ≤ 50 ms)", &format!("{overlap:.1} ms; source among the first five {found} of {PROPOSALS}"));
    let (own, mapped) = (memory("RssAnon:"), memory("RssFile:"));
    say("  memory (goal ≤ 512 MB)", &format!("{own:.0} MB; and {mapped:.0} MB of files that the system may drop"));
    drop(finder);
    beside(&folder.path().join("beside"), &words, count, &questions);
}

/// tantivy as it comes: one text field with its default analyser, any of the words.
fn beside(folder: &Path, words: &Phrases, count: usize, questions: &[String]) {
    let mut schema = Schema::builder();
    let (id, text) = (schema.add_text_field("id", STRING | STORED), schema.add_text_field("text", TEXT | STORED));
    std::fs::create_dir_all(folder).unwrap();
    let index = Index::create_in_dir(folder, schema.build()).unwrap();
    let mut writer = index.writer_with_num_threads::<TantivyDocument>(2, 40_000_000).unwrap();
    let mut seconds = Duration::ZERO;
    for from in (0..count).step_by(BATCH) {
        let entries: Vec<Entry> = (from..(from + BATCH).min(count)).map(|number| words.entry(number)).collect();
        let started = Instant::now();
        for entry in &entries {
            let mut document = TantivyDocument::default();
            document.add_text(id, &entry.id);
            document.add_text(text, format!("{}\n{}", entry.title, entry.text));
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        seconds += started.elapsed();
    }
    let searcher = index.reader().unwrap().searcher();
    let parser = QueryParser::for_index(&index, vec![text]);
    let time = p95(questions, |question| {
        let (query, _) = parser.parse_query_lenient(question);
        searcher.search(&query, &TopDocs::with_limit(20).order_by_score()).unwrap();
    });
    say("  beside: tantivy's default analyser", &format!("{:.0} records/s, search p95 {time:.1} ms", count as f64 / seconds.as_secs_f64()));
}

/// Milliseconds within which 95 of 100 are done.
fn p95(texts: &[String], mut work: impl FnMut(&str)) -> f64 {
    let mut times = Vec::with_capacity(texts.len());
    for text in texts {
        let started = Instant::now();
        work(text);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[times.len() * 95 / 100].as_secs_f64() * 1e3
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn size_of(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().flatten().map(|entry| usize::try_from(entry.metadata().unwrap().len()).unwrap()).sum()
}

fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
}

/// The record from which a proposal copies.
fn source_of(proposal: usize, count: usize) -> usize {
    proposal * 104_729 % count
}

/// Vietnamese words, as often as words are in a text: those of fields' names first, then those of communes (Zipf's law in Mandelbrot's form).
struct Phrases {
    words: Vec<String>,
    /// The sums of the words' weights.
    sums: Vec<f64>,
}

impl Phrases {
    fn new() -> Phrases {
        let catalogue = catalogue::Catalogue::builtin().unwrap();
        let labels = catalogue.kinds().flat_map(|kind| kind.fields.iter().map(|field| field.label.vi.clone()));
        let places = catalogue.list("communes").unwrap().codes.iter().map(|code| code.label.vi.clone());
        let mut words: Vec<String> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for phrase in labels.chain(places) {
            let syllables: Vec<&str> = viet::syllables(&phrase).map(|syllable| syllable.text).collect();
            for pair in syllables.chunks(2) {
                let word = pair.join(" ");
                if known.insert(viet::fold(&word)) {
                    words.push(word);
                }
            }
        }
        let mut sum = 0.0;
        let mut sums = Vec::with_capacity(words.len());
        for rank in 0..words.len() {
            sum += 1.0 / (rank as f64 + 3.7);
            sums.push(sum);
        }
        Phrases { words, sums }
    }

    /// About so many syllables, another text for each number.
    fn text(&self, number: usize, syllables: usize) -> String {
        // Numerical Recipes' generator: the same text in every run.
        let mut state = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut below_one = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let whole = self.sums.last().copied().unwrap_or(0.0);
        let mut text = String::new();
        let mut count = 0;
        while count < syllables {
            let drawn = below_one() * whole;
            let word = &self.words[self.sums.partition_point(|sum| *sum < drawn).min(self.words.len() - 1)];
            count += word.split(' ').count();
            text.push_str(word);
            text.push_str(if below_one() < 0.1 { ". " } else { " " });
        }
        text
    }

    fn entry(&self, number: usize) -> Entry {
        Entry {
            id: format!("{number:08}"),
            visible_to: vec!["public".to_owned()],
            kind: "task".to_owned(),
            title: self.text(number * 2, 14),
            text: self.text(number * 2 + 1, 106),
            year: Some(2000 + i32::try_from(number % 25).unwrap()),
            at: i64::try_from(number).unwrap(),
            ..Entry::default()
        }
    }

    /// A title, every third without marks, every third with a letter lost.
    fn question(&self, number: usize, count: usize) -> String {
        let title = self.text((number * 7_919 % count) * 2, 8);
        match number % 3 {
            0 => title,
            1 => viet::fold(&title),
            _ => {
                let mut letters: Vec<char> = title.chars().collect();
                letters.remove(letters.len() / 2);
                letters.into_iter().collect()
            }
        }
    }

    /// Two pages with half a page of a record in them.
    fn proposal(&self, number: usize, count: usize) -> String {
        let source = self.entry(source_of(number, count)).text;
        format!("{} {source} {}", self.text(usize::MAX / 4 + number, 450), self.text(usize::MAX / 3 + number, 450))
    }
}
