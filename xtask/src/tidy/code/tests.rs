//! What counts as code.

use super::*;

#[test]
fn comments_and_literals_are_blank() {
    let source = concat!(
        "a(); // Instant\n",
        "/* Instant /* Instant */ Instant */ b();\n",
        "let s = \"Instant \\\" Instant\"; let c = '\"'; Instant::now();\n",
        "let r = r#\"Instant \" Instant\"#; let l: &'static str = \"\"; c();\n",
        "let b = br\"\\\"; let e = '\\''; Instant\n",
    );
    let code = Code::new(source);
    assert_eq!(code.lines_with("Instant"), [3, 5]);
    assert_eq!(code.text.lines().count(), source.lines().count());
    for call in ["a()", "b()", "c()"] {
        assert!(code.text.contains(call), "{call} in {}", code.text);
    }
}

#[test]
fn letters_beyond_ascii_do_not_move_lines() {
    let code = Code::new("let u = \"é√\"; // ü\nlet x = 'é';\nfs::read()");
    assert_eq!(code.lines_with("fs::read"), [3]);
}

#[test]
fn a_word_is_not_found_inside_another() {
    let code = Code::new("InstantNoodles; my_Instant; Instant; std::time::Instant");
    assert_eq!(code.lines_with("Instant"), [1, 1]);
}

#[test]
fn test_items_are_not_shipped() {
    let code =
        Code::new("fs();\n#[cfg(test)]\nmod tests {\n  fn a() { fs(); }\n}\nfs();\n#[cfg(test)]\nuse x::fs;\nfs();\n");
    assert_eq!(code.lines_with("fs").len(), 5);
    assert_eq!(code.shipped_lines_with("fs"), [1, 6, 9]);
    assert!(Code::new("#![cfg(test)]\nfs();").shipped_lines_with("fs").is_empty());
}

#[test]
fn modules_of_std_are_found_in_every_spelling() {
    let code = Code::new(
        "use std::fs;\nuse std::{\n    collections::{BTreeMap, env},\n    net,\n};\nlet x = std::env::var();\n",
    );
    assert_eq!(
        code.shipped_std_modules(),
        [(1, "fs"), (3, "collections"), (4, "net"), (6, "env")]
    );
}
