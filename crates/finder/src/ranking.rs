//! One pass over the records: which have enough of the words, what each is worth, the best of them, and the counts of the facets.
//!
//! A question becomes some sixty terms, most of them in a great part of all records. Merging their lists record by record costs more than reading them, so each
//! list is read on its own and adds to the points of a window of records (Broder and others: term at a time; Lucene's `BooleanScorer`).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{Bm25Weight, EnableScoring, Query as EngineQuery, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet, Searcher, SegmentReader, Term};

use crate::count::{Counts, SegmentCounts};
use crate::index::FinderError;

/// Records whose points are added up together; a multiple of 64. Their points fit the processor's nearest memory.
const WINDOW: usize = 4_096;
/// Records of the parts that the cores share out, a multiple of [`WINDOW`].
const PART: usize = 32 * WINDOW;

/// The order of what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Points,
    Newest,
    Oldest,
}

/// What a record must have and what counts.
pub(crate) struct Wanted {
    /// What every record must be, whatever its words.
    filter: Box<dyn EngineQuery>,
    terms: Vec<WantedTerm>,
    numbers: HashMap<Term, usize>,
    /// For each word of the question, the ways to have it: terms, by number, that must all be there.
    words: Vec<Vec<Vec<usize>>>,
    /// As many of the words must be there; 0 when only the filter counts.
    least: usize,
    /// Terms one of which is as good as all the words.
    instead: Vec<usize>,
}

struct WantedTerm {
    term: Term,
    /// What it adds to a record's points, times its rarity.
    weight: f32,
    /// Whether the words or what stands in their place ask for it.
    is_needed: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Ranked {
    /// The best in order, with their points.
    pub(crate) best: Vec<(f32, DocAddress)>,
    pub(crate) counts: Counts,
}

/// Larger is better; equal ones by their place.
type Standing = (i64, Reverse<DocAddress>);

impl Wanted {
    pub(crate) fn new(filter: Box<dyn EngineQuery>) -> Wanted {
        Wanted { filter, terms: Vec::new(), numbers: HashMap::new(), words: Vec::new(), least: 0, instead: Vec::new() }
    }

    /// Adds what a term counts.
    pub(crate) fn add_points(&mut self, term: Term, weight: f32) {
        let number = self.number(term);
        if let Some(wanted) = self.terms.get_mut(number) {
            wanted.weight += weight;
        }
    }

    /// Adds a word that can be there in several ways.
    pub(crate) fn add_word(&mut self, ways: Vec<Vec<Term>>) {
        let ways = ways.into_iter().map(|way| way.into_iter().map(|term| self.needed(term)).collect()).collect();
        self.words.push(ways);
    }

    /// Adds a term that is as good as all the words.
    pub(crate) fn add_instead(&mut self, term: Term) {
        let number = self.needed(term);
        self.instead.push(number);
    }

    /// Asks for this share of the words, and for one at least.
    pub(crate) fn ask_for(&mut self, share: f64) {
        let nothing = self.words.is_empty() && self.instead.is_empty();
        self.least = if nothing { 0 } else { ((self.words.len() as f64 * share).ceil() as usize).max(1) };
    }

    fn number(&mut self, term: Term) -> usize {
        let next = self.terms.len();
        *self.numbers.entry(term).or_insert_with_key(|term| {
            self.terms.push(WantedTerm { term: term.clone(), weight: 0.0, is_needed: false });
            next
        })
    }

    fn needed(&mut self, term: Term) -> usize {
        let number = self.number(term);
        if let Some(wanted) = self.terms.get_mut(number) {
            wanted.is_needed = true;
        }
        number
    }

    /// The first `keep` records in the order asked for, and the counts of all.
    pub(crate) fn rank(&self, searcher: &Searcher, by: By, keep: usize) -> Result<Ranked, FinderError> {
        let filter = self.filter.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let mut scales = Vec::with_capacity(self.terms.len());
        for wanted in &self.terms {
            scales.push(match wanted.weight > 0.0 {
                true => Some(Bm25Weight::for_terms(searcher, std::slice::from_ref(&wanted.term))?.boost_by(wanted.weight)),
                false => None,
            });
        }
        let mut parts = Vec::new();
        for (segment, reader) in (0_u32..).zip(searcher.segment_readers()) {
            for first in (0..reader.max_doc()).step_by(PART) {
                parts.push((segment, reader, first));
            }
        }
        let pass = Pass { wanted: self, filter: filter.as_ref(), scales: &scales, by, keep };
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = (BinaryHeap::new(), Counts::default());
            while let Some((segment, reader, first)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                pass.read_part(*segment, reader, *first, &mut found)?;
            }
            Ok::<_, FinderError>(found)
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(parts.len());
        let found: Vec<_> = match cores {
            0 | 1 => vec![work()],
            _ => std::thread::scope(|scope| {
                let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
                let own = work();
                let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                std::iter::once(own).chain(others).collect()
            }),
        };
        let mut best: Vec<Standing> = Vec::new();
        let mut counts = Counts::default();
        for part in found {
            let (heap, counted) = part?;
            best.extend(heap.into_iter().map(|Reverse(standing)| standing));
            counts.add(counted);
        }
        best.sort_unstable_by(|one, two| two.cmp(one));
        best.truncate(keep);
        let points = |standing: i64| if by == By::Points { f32::from_bits(u32::try_from(standing).unwrap_or(0)) } else { 0.0 };
        Ok(Ranked { best: best.into_iter().map(|(standing, Reverse(address))| (points(standing), address)).collect(), counts })
    }
}

/// What all parts share.
struct Pass<'a> {
    wanted: &'a Wanted,
    filter: &'a dyn Weight,
    scales: &'a [Option<Bm25Weight>],
    by: By,
    keep: usize,
}

impl Pass<'_> {
    fn read_part(
        &self,
        segment: u32,
        reader: &SegmentReader,
        first: DocId,
        found: &mut (BinaryHeap<Reverse<Standing>>, Counts),
    ) -> Result<(), FinderError> {
        let (best, counts) = found;
        let end = reader.max_doc().min(first.saturating_add(PART as u32));
        let mut filter = Filter { scorer: self.filter.scorer(reader, 1.0)? };
        let mut lists = Vec::with_capacity(self.wanted.terms.len());
        for (wanted, scale) in self.wanted.terms.iter().zip(self.scales) {
            lists.push(List::open(reader, wanted, scale.as_ref(), first)?);
        }
        let mut counted = SegmentCounts::new(reader)?;
        let days = reader.fast_fields().column_opt::<i64>("at")?;
        let mut window = Window::new(lists.len());
        let is_limited = self.wanted.least > 0;
        for start in (first..end).step_by(WINDOW) {
            window.passing.fill(0);
            filter.mark(start, &mut window.passing);
            if window.is_empty() {
                continue;
            }
            window.points.fill(0.0);
            if is_limited {
                for (list, bits) in lists.iter_mut().zip(&mut window.present).filter(|(list, _)| list.is_needed) {
                    list.mark_and_add(start, bits, &mut window.points);
                }
                window.keep_those_with_enough(self.wanted);
            }
            if window.is_empty() {
                continue;
            }
            for list in lists.iter_mut().filter(|list| self.by == By::Points && !(list.is_needed && is_limited)) {
                list.add(start, &mut window.points);
            }
            for at in window.passing() {
                let doc = start + at as u32;
                if reader.alive_bitset().is_some_and(|alive| !alive.is_alive(doc)) {
                    continue;
                }
                counted.count(doc);
                let day = || days.as_ref().and_then(|days| days.first(doc)).unwrap_or(i64::MIN);
                let standing = match self.by {
                    By::Points => i64::from(window.points.get(at).copied().unwrap_or(0.0).max(0.0).to_bits()),
                    By::Newest => day(),
                    By::Oldest => day().saturating_neg(),
                };
                let standing = (standing, Reverse(DocAddress::new(segment, doc)));
                if best.len() < self.keep {
                    best.push(Reverse(standing));
                } else if best.peek().is_some_and(|Reverse(worst)| standing > *worst) {
                    best.pop();
                    best.push(Reverse(standing));
                }
            }
        }
        counts.add(counted.named()?);
        Ok(())
    }
}

/// Some records one after the other.
struct Window {
    points: Vec<f32>,
    /// A bit for each record that is still in question.
    passing: Vec<u64>,
    /// For each needed term, a bit for each record that has it.
    present: Vec<Vec<u64>>,
}

impl Window {
    fn new(terms: usize) -> Window {
        Window { points: vec![0.0; WINDOW], passing: vec![0; WINDOW / 64], present: vec![vec![0; WINDOW / 64]; terms] }
    }

    fn is_empty(&self) -> bool {
        self.passing.iter().all(|bits| *bits == 0)
    }

    fn passing(&self) -> impl Iterator<Item = usize> {
        self.passing.iter().enumerate().flat_map(|(at, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let lowest = bits.trailing_zeros() as usize;
                // Without its lowest bit.
                bits &= bits.checked_sub(1)?;
                Some(at * 64 + lowest)
            })
        })
    }

    /// Leaves those that have enough of the words, or something instead.
    fn keep_those_with_enough(&mut self, wanted: &Wanted) {
        let has = |term: usize, at: usize| self.present.get(term).and_then(|bits| bits.get(at)).copied().unwrap_or(0);
        for (at, passing) in self.passing.iter_mut().enumerate() {
            if *passing == 0 {
                continue;
            }
            let mut counts = [0_u8; 64];
            for ways in &wanted.words {
                let mut word = 0;
                for way in ways {
                    word |= way.iter().fold(u64::MAX, |bits, term| bits & has(*term, at));
                }
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += (word >> bit & 1) as u8;
                }
            }
            let mut enough = wanted.instead.iter().fold(0, |bits, term| bits | has(*term, at));
            for (bit, count) in counts.iter().enumerate() {
                enough |= u64::from(usize::from(*count) >= wanted.least) << bit;
            }
            *passing &= enough;
        }
    }
}

/// The records that pass the filter, in order.
struct Filter {
    scorer: Box<dyn Scorer>,
}

impl Filter {
    /// Sets the bits of the window's records that pass.
    fn mark(&mut self, start: DocId, bits: &mut [u64]) {
        if self.scorer.doc() < start {
            self.scorer.seek(start);
        }
        let end = start + WINDOW as u32;
        while self.scorer.doc() < end {
            let at = (self.scorer.doc() - start) as usize;
            if let Some(bits) = bits.get_mut(at / 64) {
                *bits |= 1 << (at % 64);
            }
            self.scorer.advance();
        }
    }
}

/// The records that have a term, in order.
struct List {
    postings: BlockSegmentPostings,
    /// Where the next record stands in the postings' block.
    at: usize,
    scale: Option<(Bm25Weight, FieldNormReader)>,
    is_needed: bool,
}

impl List {
    fn open(reader: &SegmentReader, wanted: &WantedTerm, scale: Option<&Bm25Weight>, first: DocId) -> Result<List, FinderError> {
        let option = if scale.is_some() { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        let found = reader.inverted_index(wanted.term.field())?.read_block_postings(&wanted.term, option)?;
        let mut postings = found.unwrap_or_else(BlockSegmentPostings::empty);
        let at = if first > 0 { postings.seek(first) } else { 0 };
        let scale = match scale {
            Some(scale) => Some((scale.clone(), reader.get_fieldnorms_reader(wanted.term.field())?)),
            None => None,
        };
        Ok(List { postings, at, scale, is_needed: wanted.is_needed })
    }

    /// Sets the bits of the window's records that have the term and of no others, and adds what it counts.
    fn mark_and_add(&mut self, start: DocId, bits: &mut [u64], points: &mut [f32]) {
        bits.fill(0);
        self.walk(start, |at, counts| {
            if let (Some(bits), Some(sum)) = (bits.get_mut(at / 64), points.get_mut(at)) {
                *bits |= 1 << (at % 64);
                *sum += counts;
            }
        });
    }

    /// Adds what the term counts to all of the window's records that have it.
    fn add(&mut self, start: DocId, points: &mut [f32]) {
        self.walk(start, |at, counts| {
            if let Some(sum) = points.get_mut(at) {
                *sum += counts;
            }
        });
    }

    /// Shows the window's records that have the term: where they stand in the window, and what the term counts there.
    fn walk(&mut self, start: DocId, mut see: impl FnMut(usize, f32)) {
        let end = start + WINDOW as u32;
        if self.postings.docs().last().is_some_and(|last| *last < start) {
            self.at = self.postings.seek(start);
        }
        loop {
            let docs = self.postings.docs().get(self.at..).unwrap_or_default();
            let here = docs.partition_point(|doc| *doc < end);
            for (place, doc) in docs.iter().take(here).enumerate() {
                // Records of windows that were left out stand before the start.
                let Some(at) = doc.checked_sub(start) else { continue };
                let points = match &self.scale {
                    Some((scale, lengths)) => scale.score(lengths.fieldnorm_id(*doc), self.postings.freq(self.at + place)),
                    None => 0.0,
                };
                see(at as usize, points);
            }
            self.at += here;
            if self.at < self.postings.block_len() || self.postings.block_len() == 0 {
                return;
            }
            self.postings.advance();
            self.at = 0;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use tantivy::collector::{Count, TopDocs};
    use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, Occur, TermQuery};
    use tantivy::schema::{FAST, Field, STRING, Schema, TEXT};
    use tantivy::{Index, IndexWriter, TantivyDocument};

    /// More records than a window has, in two segments, every seventh removed: word `wN` is in every N-th record, now and then twice.
    fn filled() -> (Index, Field) {
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT);
        let number = schema.add_text_field("number", STRING);
        let at = schema.add_i64_field("at", FAST);
        for name in ["kind", "bodies", "status", "provinces"] {
            schema.add_text_field(name, STRING | FAST);
        }
        schema.add_i64_field("year", FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 20_000_000).unwrap();
        for record in 0..2 * WINDOW + 1_000 {
            let mut document = TantivyDocument::default();
            let words = (1..60).filter(|word| record % word == 0).map(|word| format!("w{word} ").repeat(1 + record % 3));
            document.add_text(text, words.collect::<String>());
            document.add_text(number, (record % 7).to_string());
            document.add_i64(at, ((record * 7_919) % 100_003) as i64);
            writer.add_document(document).unwrap();
            if record == WINDOW + 17 {
                writer.commit().unwrap();
            }
        }
        writer.delete_term(Term::from_field_text(number, "3"));
        writer.commit().unwrap();
        (index, text)
    }

    #[test]
    fn the_engine_itself_ranks_the_same_record_by_record() {
        let (index, text) = filled();
        let searcher = index.reader().unwrap().searcher();
        let term = |word: u32| Term::from_field_text(text, &format!("w{word}"));
        for (words, extra, least, share) in
            [(vec![2, 3, 5, 7, 11], vec![13, 17], 3, 0.6), (vec![59, 58], vec![1], 2, 1.0), (vec![4, 1], vec![], 1, 0.0)]
        {
            let mut wanted = Wanted::new(Box::new(AllQuery));
            let mut musts: Vec<(Occur, Box<dyn EngineQuery>)> = Vec::new();
            let mut scored: Vec<(Occur, Box<dyn EngineQuery>)> = Vec::new();
            let query = |word: u32| -> Box<dyn EngineQuery> { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
            for word in &words {
                wanted.add_word(vec![vec![term(*word)], vec![term(30), term(45)]]);
                let both = BooleanQuery::new(vec![(Occur::Must, query(30)), (Occur::Must, query(45))]);
                musts.push((
                    Occur::Should,
                    Box::new(BooleanQuery::new(vec![(Occur::Should, query(*word)), (Occur::Should, Box::new(both))])),
                ));
            }
            for (number, word) in (1_u8..).zip(words.iter().chain(&extra)) {
                let weight = f32::from(number) / 4.0;
                wanted.add_points(term(*word), weight);
                scored.push((Occur::Should, Box::new(BoostQuery::new(query(*word), weight))));
            }
            wanted.ask_for(share);
            let enough = BoostQuery::new(Box::new(BooleanQuery::with_minimum_required_clauses(musts, least)), 0.0);
            scored.push((Occur::Must, Box::new(enough)));
            let whole = BooleanQuery::new(scored);
            let theirs = searcher.search(&whole, &TopDocs::with_limit(200).order_by_score()).unwrap();
            let own = wanted.rank(&searcher, By::Points, 200).unwrap();
            assert_eq!(own.counts.total, searcher.search(&whole, &Count).unwrap() as u64);
            assert_eq!(own.best.len(), theirs.len());
            for (own, theirs) in own.best.iter().zip(&theirs) {
                assert!((own.0 - theirs.0).abs() < 1e-4, "{own:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn by_day_the_newest_or_the_oldest_come_first_and_removed_ones_never() {
        let (index, text) = filled();
        let searcher = index.reader().unwrap().searcher();
        let filter = || Box::new(TermQuery::new(Term::from_field_text(text, "w2"), IndexRecordOption::Basic));
        let days = |by: By| -> Vec<i64> {
            let ranked = Wanted::new(filter()).rank(&searcher, by, 50).unwrap();
            let expected = (0..2 * WINDOW + 1_000).filter(|record| record % 2 == 0 && record % 7 != 3).count();
            assert_eq!(ranked.counts.total, expected as u64);
            let day = |place: DocAddress| searcher.segment_reader(place.segment_ord).fast_fields().i64("at").unwrap().first(place.doc_id);
            ranked.best.iter().map(|(_, place)| day(*place).unwrap()).collect()
        };
        let mut expected: Vec<i64> = (0..2 * WINDOW + 1_000)
            .filter(|record| record % 2 == 0 && record % 7 != 3)
            .map(|record| ((record * 7_919) % 100_003) as i64)
            .collect();
        expected.sort_unstable();
        assert_eq!(days(By::Oldest), expected[..50]);
        expected.reverse();
        assert_eq!(days(By::Newest), expected[..50]);
    }
}
