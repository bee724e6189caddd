//! How usernames are compared.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};

/// What two usernames have in common that are one: compatibility caseless matching (Unicode 3.13, D146).
/// Case, composed and decomposed letters, ligatures, and letters of full width or of mathematics make no
/// difference. Different letters stay different, also those that look alike in some typeface.
///
/// What is stored is compared with it: where another version of it differs, a migration must name the rows.
pub(super) fn key(name: &str) -> String {
    let (fold, normalize) = (CaseMapper::new(), ComposingNormalizer::new_nfkc());
    let decomposed = DecomposingNormalizer::new_nfd();
    let once = fold.fold_string(&decomposed.normalize(name)).into_owned();
    let once = normalize.normalize(&once).into_owned();
    normalize.normalize(&fold.fold_string(&once)).into_owned()
}

/// The keys under which a user of that name may be found: the one that it has now, and the one that an
/// earlier version gave, which stays where somebody else has the other.
pub(super) fn keys(name: Option<&str>) -> [Option<String>; 2] {
    [name.map(key), name.map(str::to_lowercase)]
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for (one, other) in [
            ("ann", "ANN"),
            ("\u{e4}nn", "A\u{308}NN"),
            ("\u{ff41}\u{ff2e}\u{ff4e}", "ann"),
            ("\u{fb01}re", "FIRE"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3c3}\u{3b1}\u{3c2}", "\u{3a3}\u{391}\u{3a3}"),
            ("\u{212a}im", "kim"),
            ("\u{1d51e}nn", "ann"),
            ("a\u{a0}b", "a b"),
            ("\u{2460}", "1"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
            assert_eq!(key(&key(one)), key(one), "{one}");
        }
        assert_eq!(key("Ann_O'Neil 7"), "ann_o'neil 7");
    }

    #[test]
    fn other_letters_are_other_names() {
        for (one, other) in
            [("ann", "\u{430}nn"), ("ann", "\u{e1}nn"), ("paul", "pau1"), ("a b", "ab"), ("i", "\u{131}")]
        {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }
}
