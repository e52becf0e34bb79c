//! What a file is, by its first bytes, for those that are not what they are said to be.

/// What the file looks like; nothing where it looks like none of those known.
pub(super) fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a zip archive: unpack it first"),
        (b"\x1f\x8b", "a gzip archive: unpack it first"),
        (b"PAR1", "a Parquet table"),
        (b"ARROW1", "an Arrow table"),
        (b"CBM1", "CatBoost's own binary format, which is not a format read here"),
        (b"binf", "XGBoost's old binary format: save it again as .json or .ubj with `save_model`"),
        (b"bs64", "XGBoost's old binary format: save it again as .json or .ubj with `save_model`"),
        (b"\x89HDF", "an HDF5 file, which is not a format read here"),
        (
            b"booster[0]",
            "XGBoost's text dump, which lacks what scoring needs: save the model as .json or .ubj with `save_model`",
        ),
        (b"<", "XML or HTML (PMML?), which is not a format read here"),
    ];
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some((_, what)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return Some(what);
    }
    if let [0x80, 2..=5, ..] = start {
        return Some(
            "a Python pickle, which runs code when it is opened and is not a format read here: save the model with its library's `save_model`",
        );
    }
    // ONNX begins with the number of its version, then the producer's name or the graph.
    if let [0x08, 1..=64, 0x12 | 0x1a | 0x22 | 0x32 | 0x3a | 0x42, ..] = start {
        return Some("ONNX, which is not a format read here");
    }
    if start.starts_with(b"tree\n") || start.starts_with(b"tree\r\n") {
        return Some("a LightGBM text file");
    }
    if is_ubjson(start) {
        return Some("XGBoost UBJSON");
    }
    let has = |word: &str| start.windows(word.len()).any(|part| part == word.as_bytes());
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Some(if has("\"learner\"") {
            "XGBoost JSON"
        } else if has("\"oblivious_trees\"") || has("\"features_info\"") {
            "CatBoost JSON, which is not a format read here"
        } else if has("\"tree_info\"") {
            "LightGBM's JSON dump, which lacks what scoring needs: save the model as text with `save_model`"
        } else if has("\"intercept\"") {
            "JSON of coefficients"
        } else {
            "JSON of another kind"
        }),
        Some(byte) if byte.is_ascii_graphic() => {
            let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_text = line.iter().all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace());
            (is_text && line.iter().any(|byte| b",;\t".contains(byte))).then_some("a CSV table")
        }
        _ => None,
    }
}

/// Whether it begins as an object of UBJSON does: a brace, then the type of a length.
pub(super) fn is_ubjson(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', b'i' | b'U' | b'I' | b'l' | b'L' | b'$' | b'#', ..])
}
