//! Users and passwords of hosts, as ftp, curl and others keep them in `~/.netrc`.
//!
//! The file is taken apart here and not by libcurl, which would read it on the network thread, and in whose versions
//! a missing file is now an error and now nothing.

/// User and password for `host`, in lower case: of the first entry for it, or else of the default one. With
/// `user`, only an entry for that user counts.
///
/// # Errors
/// With the number of the line that cannot be understood. Nothing of it is said: it may be a password.
pub(crate) fn credentials(
    text: &str,
    host: &str,
    user: Option<&str>,
) -> Result<Option<(String, String)>, String> {
    let mut tokens = Tokens { text, line: 1 };
    let mut entry: Option<Entry> = None;
    let found = |entry: &Option<Entry>| {
        let entry = entry.as_ref()?;
        let fits = entry.fits && user.is_none_or(|user| entry.user == user);
        fits.then(|| (entry.user.clone(), entry.password.clone()))
    };
    while let Some(word) = tokens.next()? {
        let line = tokens.line;
        let value = |tokens: &mut Tokens<'_>| {
            tokens.next()?.ok_or_else(|| format!("line {line}: the last word has no value"))
        };
        match (word.as_str(), &mut entry) {
            ("machine" | "default", _) => {
                if let Some(found) = found(&entry) {
                    return Ok(Some(found));
                }
                let fits = word == "default" || value(&mut tokens)?.eq_ignore_ascii_case(host);
                entry = Some(Entry { fits, ..Entry::default() });
            }
            ("login" | "user", Some(entry)) => entry.user = value(&mut tokens)?,
            ("password", Some(entry)) => entry.password = value(&mut tokens)?,
            ("account", Some(_)) => drop(value(&mut tokens)?),
            ("macdef", _) => tokens.skip_macro(),
            _ => return Err(format!("line {line}: no entry begins or goes on so")),
        }
    }
    Ok(found(&entry))
}

/// What is said of one host.
#[derive(Default)]
struct Entry {
    /// Is it the one that is looked for?
    fits: bool,
    user: String,
    password: String,
}

/// The words of the file. A word in double quotes may have spaces in it.
struct Tokens<'t> {
    text: &'t str,
    line: usize,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<String>, String> {
        loop {
            let rest = self.text.trim_start();
            self.line += lines(&self.text[..self.text.len() - rest.len()]);
            self.text = rest;
            // A comment; within a word the character is one like others.
            if !rest.starts_with('#') {
                break;
            }
            self.text = &rest[rest.find('\n').unwrap_or(rest.len())..];
        }
        if let Some(quoted) = self.text.strip_prefix('"') {
            return self.quoted(quoted).map(Some);
        }
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        Ok(Some(word.to_owned()).filter(|word| !word.is_empty()))
    }

    /// A word in quotes, without the first one. A backslash takes what follows it as it is.
    fn quoted(&mut self, text: &str) -> Result<String, String> {
        let mut word = String::new();
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.text = &self.text[at + 2..];
                    return Ok(word);
                }
                '\n' => break,
                '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
                letter => word.push(letter),
            }
        }
        Err(format!("line {}: a quote has no end", self.line))
    }

    /// A macro of ftp's ends with an empty line.
    fn skip_macro(&mut self) {
        let end = ["\n\n", "\n\r\n"].iter().filter_map(|end| self.text.find(end)).min();
        let (skipped, rest) = self.text.split_at(end.unwrap_or(self.text.len()));
        self.line += lines(skipped);
        self.text = rest;
    }
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# machine h login comment password x
machine other login o password p
\tmachine H.example
login me
  account sales password p#ss
macdef init
machine h.example login macro password macro

machine h.example login second password \"two words \\\"q\\\"\"
default login anonymous password me@";

    fn of(host: &str, user: Option<&str>) -> Option<(String, String)> {
        credentials(FILE, host, user).expect("a good file")
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.to_owned(), password.to_owned())
    }

    #[test]
    fn the_first_entry_of_a_host_counts_and_then_the_default() {
        assert_eq!(of("h.example", None), Some(pair("me", "p#ss")));
        assert_eq!(of("h.example", Some("second")), Some(pair("second", "two words \"q\"")));
        assert_eq!(of("other", None), Some(pair("o", "p")));
        assert_eq!(of("elsewhere", None), Some(pair("anonymous", "me@")));
        assert_eq!(of("elsewhere", Some("me")), None);
        assert_eq!(credentials("machine h login a password b", "i", None), Ok(None));
        assert_eq!(credentials("", "h", None), Ok(None));
    }

    #[test]
    fn a_line_that_cannot_be_understood_is_named_and_not_shown() {
        for (text, line) in [
            ("machine h login me\npassword S3cr3t S3cr3t", 2),
            ("\n\nS3cr3t", 3),
            ("login S3cr3t", 1),
            ("machine h password \"S3cr3t\n\"", 1),
            ("machine h login", 1),
            ("# a\nmacdef x\n S3cr3t\n\n\nS3cr3t", 6),
        ] {
            let error = credentials(text, "elsewhere", None).expect_err(text);
            assert!(error.starts_with(&format!("line {line}: ")), "{error}");
            assert!(!error.contains("S3cr3t"), "{error}");
        }
    }
}
