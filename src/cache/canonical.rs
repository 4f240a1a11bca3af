//! JSON in a form that only its meaning decides: names in order, no white space, strings without escapes.
//!
//! The form is not JSON. Each value begins with a letter for its kind, and whatever has a length says it first, so
//! that no two values share a form.

use sha2::{Digest, Sha256};

/// JSON that is nested more deeply has no form here.
const DEEPEST: usize = 128;
/// Longer strings stand as their digest, so that pictures are not copied from level to level.
const LONG: usize = 256;

/// The form of `json`, which is known to be valid; `None` where it is too deep.
pub(super) fn form(json: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { json, at: 0, out: Vec::with_capacity(json.len().min(4 << 10)) };
    reader.value(0)?;
    Some(reader.out)
}

/// Reads valid JSON and writes its form.
struct Reader<'a> {
    json: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

/// Where a member of an object stands in what was written.
struct Member {
    start: usize,
    /// The end of its name.
    name: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => {
                let raw = self.string()?;
                self.put_string(raw);
                Some(())
            }
            _ => {
                let raw = self.scalar();
                match raw.first()? {
                    b't' | b'f' | b'n' => self.out.push(raw[0]),
                    // A number inside a tool's arguments is text to the model; one at the top is a setting.
                    _ if depth == 1 => self.put(b'd', plain(raw).as_deref().unwrap_or(raw)),
                    _ => self.put(b'd', raw),
                }
                Some(())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        let (mark, mut members) = (self.begin(b'o'), Vec::new());
        while self.peek()? != b'}' {
            let start = self.out.len();
            let raw = self.string()?;
            self.put_string(raw);
            let name = self.out.len();
            self.skip(b':')?;
            self.value(depth + 1)?;
            members.push(Member { start, name, end: self.out.len() });
            self.skip_comma()?;
        }
        self.at += 1;
        self.end(mark, members.len());
        self.sort(members);
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.open(depth)?;
        let (mark, mut count) = (self.begin(b'a'), 0);
        while self.peek()? != b']' {
            self.value(depth + 1)?;
            count += 1;
            self.skip_comma()?;
        }
        self.at += 1;
        self.end(mark, count);
        Some(())
    }

    /// Puts the members into the order of their names. Those of one name stay as they are: which of them counts is
    /// for the reader to say.
    fn sort(&mut self, mut members: Vec<Member>) {
        let name = |out: &'_ [u8], member: &Member| out[member.start..member.name].to_vec();
        let Some(first) = members.first().map(|member| member.start) else { return };
        if members.is_sorted_by(|a, b| self.out[a.start..a.name] <= self.out[b.start..b.name]) {
            return;
        }
        members.sort_by_cached_key(|member| name(&self.out, member));
        let sorted: Vec<u8> = members.iter().flat_map(|member| &self.out[member.start..member.end]).copied().collect();
        self.out.truncate(first);
        self.out.extend_from_slice(&sorted);
    }

    /// Steps over an opening bracket.
    fn open(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        (depth < DEEPEST).then_some(())
    }

    /// Writes the head of an object or an array; gives where its count stands.
    fn begin(&mut self, kind: u8) -> usize {
        self.out.push(kind);
        self.out.extend_from_slice(&[0; 8]);
        self.out.len() - 8
    }

    fn end(&mut self, mark: usize, count: usize) {
        self.out[mark..mark + 8].copy_from_slice(&(count as u64).to_le_bytes());
    }

    fn put(&mut self, kind: u8, bytes: &[u8]) {
        self.out.push(kind);
        self.out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.out.extend_from_slice(bytes);
    }

    /// Writes the string whose inside is `raw`.
    fn put_string(&mut self, raw: &[u8]) {
        if !raw.contains(&b'\\') {
            return self.put_text(raw);
        }
        let quoted = [b"\"", raw, b"\""].concat();
        match serde_json::from_slice::<String>(&quoted) {
            Ok(text) => self.put_text(text.as_bytes()),
            // Half of a surrogate pair has no letter: it stands as it is written.
            Err(_) => self.put(b'e', raw),
        }
    }

    fn put_text(&mut self, text: &[u8]) {
        match text.len() > LONG {
            true => self.put(b'h', &Sha256::digest(text)),
            false => self.put(b's', text),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.json.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.json.get(self.at).copied()
    }

    fn skip(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        self.at += usize::from(found);
        found.then_some(())
    }

    fn skip_comma(&mut self) -> Option<()> {
        if self.peek()? == b',' {
            self.at += 1;
        }
        Some(())
    }

    /// The inside of the string that begins here.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.skip(b'"')?;
        let start = self.at;
        loop {
            let found = self.at + memchr::memchr2(b'"', b'\\', self.json.get(self.at..)?)?;
            if self.json[found] == b'"' {
                self.at = found + 1;
                return Some(&self.json[start..found]);
            }
            self.at = found + 2;
        }
    }

    /// The number or the word that begins here.
    fn scalar(&mut self) -> &'a [u8] {
        let rest = &self.json[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }
}

/// A decimal number without what does not change it: `1.50`, `15e-1` and `1.5` are one. `None` for what is left as it
/// is: a zero, whose sign would be lost, and an exponent that no setting has.
fn plain(raw: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(raw).ok()?;
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (digits, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let power = power.parse::<i32>().ok().filter(|power| power.abs() < 1000)?;
    let all = format!("{whole}{part}");
    let kept = all.trim_end_matches('0');
    let power = power - i32::try_from(part.len()).ok()? + i32::try_from(all.len() - kept.len()).ok()?;
    let kept = kept.trim_start_matches('0');
    (!kept.is_empty()).then(|| format!("{sign}{kept}e{power}").into_bytes())
}

#[cfg(test)]
mod tests;
