//! How alike two titles are. A title is a frame ("nghiên cứu xây dựng mô hình …"), an aim ("nhân giống"), a thing ("sâm Ngọc Linh") and a place; two overlap when
//! thing and aim are the same. Measured in ADR 0029.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tantivy::{DocAddress, Searcher, Term as IndexTerm};
use viet::has_marks;

use crate::analysis::{Term, apart, is_all_capitals, readable, tokens};
use crate::index::{Finder, FinderError};
use crate::ranking::{By, Wanted};
use crate::words::swapped_i;

use super::{Among, CANDIDATES};

/// Syllables of a title that are looked at.
const MOST_SYLLABLES: usize = 120;
/// Syllables of the longest phrase that has a role.
const LONGEST_PHRASE: usize = 5;
/// What a word counts that names the thing, one that begins such a name (the head stands first), and any other.
const OF_THE_THING: f64 = 1.0;
const HEAD: f64 = 1.5;
const OTHER: f64 = 0.1;
/// As many rarest words as the length of a title is lengthened by: two short titles are not the same for one word.
const SHORTNESS: f64 = 1.4;
/// What is left of the likeness of two things when the aims differ, and how far aims agree when a title names none.
const OTHER_AIM: f64 = 0.15;
const NO_AIM: f64 = 0.5;
/// Pairs of syllables in so many of all titles are frames, and syllables in thrice as many; in fewer titles than these it is chance.
const FRAME_SHARE: f64 = 0.03;
const FEWEST_TITLES: u64 = 8;
/// Syllables after the words of an institution within which its province stands.
const INSTITUTION: usize = 8;
/// Syllables of the longest name of a place that is known by its capitals.
const LONGEST_PLACE: usize = 4;

/// What the words of titles do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TitleWords {
    /// Words that any title may have.
    pub frames: Vec<String>,
    /// Names of provinces: places when written with capitals.
    pub provinces: Vec<String>,
    /// Names of regions: places however written.
    pub regions: Vec<String>,
    /// Words before the name of a place.
    pub before_places: Vec<String>,
    /// Bodies whose name goes on to a province.
    pub institutions: Vec<String>,
    /// Words before the name of a thing.
    pub classifiers: Vec<String>,
    /// Words of an aim that name the thing as well.
    pub things: Vec<String>,
    /// What looks like an aim and is none.
    pub no_aims: Vec<String>,
    /// What a task is for, words for the same together.
    pub aims: Vec<Vec<String>>,
}

/// What a phrase does in a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Thing,
    Place,
    Aim(usize),
    Frame,
}

/// The words of titles by their syllables, with marks and without.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexicon {
    marked: Phrases,
    folded: Phrases,
}

#[derive(Debug, Clone, Default)]
struct Phrases {
    provinces: HashMap<String, Role>,
    regions: HashMap<String, Role>,
    aims: HashMap<String, Role>,
    frames: HashMap<String, Role>,
    institutions: HashMap<String, Role>,
    before_places: BTreeSet<String>,
    classifiers: BTreeSet<String>,
    things: BTreeSet<String>,
}

impl Lexicon {
    /// The words by the syllables that `read` makes of them.
    pub(crate) fn new(words: &TitleWords, read: &impl Fn(&str) -> Vec<Term>) -> Lexicon {
        Lexicon { marked: Phrases::new(words, read, true), folded: Phrases::new(words, read, false) }
    }

    /// Whether the words may stand in any title.
    pub(crate) fn is_frame(&self, words: &[Term]) -> bool {
        self.folded.frames.contains_key(&joined(words, false))
    }
}

impl Phrases {
    fn new(words: &TitleWords, read: &impl Fn(&str) -> Vec<Term>, marked: bool) -> Phrases {
        let phrase = |text: &String| joined(&read(text), marked);
        let all = |list: &[String], role: Role| list.iter().map(|text| (phrase(text), role)).collect::<HashMap<_, _>>();
        let set = |list: &[String]| list.iter().map(phrase).collect::<BTreeSet<_>>();
        let mut aims = HashMap::new();
        for (class, list) in words.aims.iter().enumerate() {
            aims.extend(all(list, Role::Aim(class)));
        }
        aims.extend(all(&words.no_aims, Role::Thing));
        Phrases {
            provinces: all(&words.provinces, Role::Place),
            regions: all(&words.regions, Role::Place),
            aims,
            frames: all(&words.frames, Role::Frame),
            institutions: all(&words.institutions, Role::Place),
            before_places: set(&words.before_places),
            classifiers: set(&words.classifiers),
            things: set(&words.things),
        }
    }
}

/// A title as it is compared.
#[derive(Debug, Clone)]
pub(crate) struct Title {
    /// Syllables with their weights; in order, so that sums are the same in every run.
    weights: BTreeMap<String, f64>,
    /// Classes of aims.
    aims: BTreeSet<usize>,
    /// The square of [`SHORTNESS`] rarest words.
    shortness: f64,
    /// All its syllables in order.
    whole: String,
}

/// A syllable of a title.
struct Word {
    term: Term,
    is_capital: bool,
    is_all_capital: bool,
    role: Role,
}

impl Finder {
    /// Takes a title apart; `marked`: by syllables with their marks.
    pub(crate) fn read_title(&self, searcher: &Searcher, title: &str, marked: bool) -> Result<Title, FinderError> {
        let phrases = if marked { &self.vocabulary.titles.marked } else { &self.vocabulary.titles.folded };
        let text = readable(title);
        let mut words = self.words_of_title(&without_latin_names(&text), marked);
        find_places(&mut words, phrases, marked);
        let mut aims = BTreeSet::new();
        for (from, to, role) in spans(&words, &phrases.aims, marked) {
            let span = words.get_mut(from..to).unwrap_or_default();
            if let Role::Aim(class) = role
                && span.iter().all(|word| word.role == Role::Thing)
            {
                aims.insert(class);
                span.iter_mut().for_each(|word| word.role = role);
            }
        }
        for (from, to, role) in spans(&words, &phrases.frames, marked) {
            words.iter_mut().take(to).skip(from).filter(|word| word.role == Role::Thing).for_each(|word| word.role = role);
        }
        self.find_frequent(searcher, &mut words)?;
        let records = searcher.num_docs().max(1) as f64;
        let field = if marked { self.fields.title_exact } else { self.fields.title_folded };
        let mut weights: BTreeMap<String, f64> = BTreeMap::new();
        let mut in_name = false;
        for word in &words {
            let syllable = form(&word.term, marked);
            let names = word.role == Role::Thing || (matches!(word.role, Role::Aim(_)) && phrases.things.contains(syllable));
            let counts = match (names, phrases.classifiers.contains(syllable)) {
                (false, _) => OTHER,
                (true, true) => OF_THE_THING,
                (true, false) if in_name => OF_THE_THING,
                (true, false) => HEAD,
            };
            in_name = names && (in_name || counts == HEAD);
            let mut frequency = searcher.doc_freq(&IndexTerm::from_field_text(field, syllable))?;
            if word.term.folded.ends_with('i') {
                // Read with i, it may be written with y.
                frequency += searcher.doc_freq(&IndexTerm::from_field_text(field, &swapped_i(syllable)))?;
            }
            let weight = counts * (1.0 + records / frequency.max(1) as f64).ln();
            let known = weights.entry(syllable.to_owned()).or_default();
            *known = known.max(weight);
        }
        let whole = words.iter().map(|word| form(&word.term, marked)).collect::<Vec<_>>().join(" ");
        Ok(Title { weights, aims, shortness: SHORTNESS * (1.0 + records).ln().powi(2), whole })
    }

    /// Records whose titles share the weightiest words with a title, of those among which it is compared.
    pub(crate) fn titles_like(&self, searcher: &Searcher, title: &str, among: &Among<'_>) -> Result<Vec<DocAddress>, FinderError> {
        let marked = has_marks(title);
        let field = if marked { self.fields.title_exact } else { self.fields.title_folded };
        let mut wanted = Wanted::new(Box::new(self.among(among)));
        for (syllable, weight) in self.read_title(searcher, title, marked)?.weights {
            let term = IndexTerm::from_field_text(field, &syllable);
            wanted.add_points(term.clone(), weight as f32);
            wanted.add_word(vec![vec![term]]);
        }
        wanted.ask_for(0.0);
        Ok(wanted.rank(searcher, By::Points, CANDIDATES)?.best.into_iter().map(|(_, address)| address).collect())
    }

    /// The syllables; abbreviations as their words, of words for the same always the same one.
    fn words_of_title(&self, title: &str, marked: bool) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        for token in tokens(title) {
            let is_capital = token.text.starts_with(char::is_uppercase);
            match self.vocabulary.expansions(token.text, false).first() {
                Some(long) => words.extend(long.iter().map(|term| Word::new(term.clone(), false, false))),
                None => {
                    let is_all_capital = token.text.chars().nth(1).is_some() && !token.text.chars().any(char::is_lowercase);
                    let terms = apart(token.text, token.terms.len()).unwrap_or(token.terms);
                    words.extend(terms.into_iter().map(|term| Word::new(term, is_capital, is_all_capital)));
                }
            }
            if words.len() >= MOST_SYLLABLES {
                break;
            }
        }
        let terms: Vec<Term> = words.iter().map(|word| word.term.clone()).collect();
        let mut found: Vec<Word> = Vec::with_capacity(words.len());
        for (at, length, usual) in self.vocabulary.usual(&terms, marked) {
            let capital = words.get(at).is_some_and(|word| word.is_capital);
            let all_capital = length == 1 && words.get(at).is_some_and(|word| word.is_all_capital);
            found.extend(usual.into_iter().map(|term| Word::new(term, capital, all_capital)));
        }
        found
    }

    /// Words that stand in many titles frame them, and so do numbers.
    fn find_frequent(&self, searcher: &Searcher, words: &mut [Word]) -> Result<(), FinderError> {
        let most = (searcher.num_docs() as f64 * FRAME_SHARE).max(FEWEST_TITLES as f64);
        let frequency = |field, term: &str| Ok::<f64, FinderError>(searcher.doc_freq(&IndexTerm::from_field_text(field, term))? as f64);
        let mut frames = vec![false; words.len()];
        for (at, word) in words.iter().enumerate() {
            let is_number = word.term.folded.chars().all(|c| c.is_ascii_digit());
            if is_number || frequency(self.fields.title_exact, &word.term.exact)? >= 3.0 * most {
                frames.iter_mut().skip(at).take(1).for_each(|frame| *frame = true);
            }
            if let Some(next) = words.get(at + 1)
                && frequency(self.fields.title_pairs, &format!("{}_{}", word.term.folded, next.term.folded))? >= most
            {
                frames.iter_mut().skip(at).take(2).for_each(|frame| *frame = true);
            }
        }
        for (word, _) in words.iter_mut().zip(frames).filter(|(word, frame)| *frame && word.role == Role::Thing) {
            word.role = Role::Frame;
        }
        Ok(())
    }
}

impl Title {
    /// How alike two titles are, between 0 and 1: the cosine of what they name, less when they are short or their aims differ.
    pub(crate) fn alike(&self, other: &Title) -> f64 {
        if self.whole == other.whole {
            return 1.0;
        }
        let length = |title: &Title| title.weights.values().map(|weight| weight * weight).sum::<f64>();
        let both: f64 = self.weights.iter().filter_map(|(word, weight)| Some(weight * other.weights.get(word)?)).sum();
        let things = both / ((length(self) * length(other)).sqrt() + self.shortness);
        let fewest = self.aims.len().min(other.aims.len());
        let aims = match fewest {
            0 => NO_AIM,
            _ => self.aims.intersection(&other.aims).count() as f64 / fewest as f64,
        };
        things * (OTHER_AIM + (1.0 - OTHER_AIM) * aims)
    }
}

impl Word {
    fn new(term: Term, is_capital: bool, is_all_capital: bool) -> Word {
        Word { term, is_capital, is_all_capital, role: Role::Thing }
    }
}

/// Whether two titles are compared with their marks: only when both have any.
pub(crate) fn compares_marks(one: &str, other: &str) -> bool {
    has_marks(one) && has_marks(other)
}

fn form(term: &Term, marked: bool) -> &str {
    if marked { &term.exact } else { &term.folded }
}

fn joined(terms: &[Term], marked: bool) -> String {
    terms.iter().map(|term| form(term, marked)).collect::<Vec<_>>().join(" ")
}

/// Places where phrases stand, the longest first, none in another.
fn spans(words: &[Word], phrases: &HashMap<String, Role>, marked: bool) -> Vec<(usize, usize, Role)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = LONGEST_PHRASE.min(words.len() - at);
        let role = (1..=longest).rev().find_map(|length| {
            let span: Vec<&str> = words.iter().skip(at).take(length).map(|word| form(&word.term, marked)).collect();
            Some((length, *phrases.get(&span.join(" "))?))
        });
        match role {
            Some((length, role)) => {
                found.push((at, at + length, role));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// Provinces and regions, what is written with capitals behind "huyện" or "tại", and institutions up to the name of their province.
fn find_places(words: &mut [Word], phrases: &Phrases, marked: bool) {
    // Capitals say nothing where there are only such, or none but the first.
    let says = words.iter().skip(1).any(|word| word.is_capital) && words.iter().any(|word| !word.is_capital);
    let regions = spans(words, &phrases.regions, marked);
    let mut provinces = spans(words, &phrases.provinces, marked);
    provinces.retain(|(from, to, _)| !says || words.get(*from..*to).unwrap_or_default().iter().all(|word| word.is_capital));
    for (from, to, _) in regions.into_iter().chain(provinces) {
        words.iter_mut().take(to).skip(from).for_each(|word| word.role = Role::Place);
    }
    let mut at = 1;
    while says && at < words.len() {
        let mut end = at;
        if words.get(at - 1).is_some_and(|before| phrases.before_places.contains(form(&before.term, marked))) {
            while let Some(word) = words
                .get_mut(end)
                .filter(|word| word.is_capital && !word.is_all_capital && word.role == Role::Thing && end - at < LONGEST_PLACE)
            {
                word.role = Role::Place;
                end += 1;
            }
        }
        at = end.max(at + 1);
    }
    for (from, to, _) in spans(words, &phrases.institutions, marked) {
        let province = (to..words.len().min(to + INSTITUTION)).rfind(|at| words.get(*at).is_some_and(|word| word.role == Role::Place));
        if let Some(province) = province {
            words.iter_mut().take(province).skip(from).for_each(|word| word.role = Role::Place);
        }
    }
}

/// Without the Latin names of species in brackets: "sâm Ngọc Linh (Panax vietnamensis Ha et Grushv.)".
fn without_latin_names(title: &str) -> String {
    if is_all_capitals(title) || !has_marks(title) {
        return title.to_owned();
    }
    let mut left = String::with_capacity(title.len());
    let mut rest = title;
    while let Some((before, after)) = rest.split_once('(') {
        left.push_str(before);
        let Some((inside, behind)) = after.split_once(')') else {
            left.push_str(after);
            return left;
        };
        let mut letters = inside.chars();
        let is_latin = letters.next().is_some_and(|c| c.is_ascii_uppercase())
            && letters.next().is_some_and(|c| c.is_ascii_lowercase())
            && inside.contains(' ')
            && inside.is_ascii();
        left.push(' ');
        if !is_latin {
            left.push_str(inside);
        }
        left.push(' ');
        rest = behind;
    }
    left.push_str(rest);
    left
}
