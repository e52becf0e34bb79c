use std::fs;
use std::path::Path;

use super::*;

fn folder(at: &Path, files: &[(&str, &str)]) -> Result<Stored, StoreError> {
    let mut draft = Target::folder(at, Writer::Run, &[])?.draft()?;
    for (name, text) in files {
        draft.write(name, text)?;
    }
    draft.finish()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Every file below a folder by name, but for the marks.
fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(names(&entry.path()).into_iter().map(|inside| format!("{name}/{inside}")));
        } else if name != MARKS {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn an_unfinished_folder_leaves_the_old_one_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1")]).unwrap();
    let mut second = Target::folder(&target, Writer::Run, &[]).unwrap().draft().unwrap();
    second.write("a", "2").unwrap();
    drop(second);
    assert_eq!(text(&target.join("a")), "1");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_is_replaced_and_what_others_put_into_it_stays() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1"), ("charts/x", "1"), ("old/y", "1")]).unwrap();
    fs::write(target.join("notes.md"), "mine").unwrap();
    fs::write(target.join("charts/mine"), "mine").unwrap();
    fs::create_dir_all(target.join(".git/refs")).unwrap();
    fs::write(target.join(".git/refs/head"), "mine").unwrap();
    let stored = folder(&target, &[("a", "2"), ("charts/x", "2"), ("b", "2")]).unwrap();
    assert_eq!(stored.kept, [".git/", "charts/mine", "notes.md"]);
    assert_eq!(names(&target), [".git/refs/head", "a", "b", "charts/mine", "charts/x", "notes.md"]);
    assert_eq!(text(&target.join("a")), "2");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    // Once more: what stayed is still nobody's loss.
    assert_eq!(folder(&target, &[("a", "3")]).unwrap().kept.len(), 3);
    assert_eq!(names(&target), [".git/refs/head", "a", "charts/mine", "notes.md"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_so_is_a_file_of_ours_that_was_changed() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("evaluation.json"), "{\"readiness\": 1}").unwrap();
    let refused = Target::folder(root.path(), Writer::Run, &[]).unwrap_err();
    assert!(refused.to_string().contains("and holds evaluation.json: move it away"), "{refused}");
    let target = root.path().join("report");
    folder(&target, &[("a", "1"), ("b", "1")]).unwrap();
    fs::write(target.join("b"), "changed").unwrap();
    let refused = Target::folder(&target, Writer::Run, &[]).unwrap_err();
    assert!(refused.to_string().contains("report/b: was changed since leadoff wrote it"), "{refused}");
    let other = Target::folder(&target, Writer::Audit, &[]).unwrap_err();
    assert!(other.to_string().contains("was written by `leadoff run`"), "{other}");
}

#[test]
fn a_file_that_appears_under_a_name_to_be_written_is_found_when_it_is_written() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1")]).unwrap();
    let mut draft = Target::folder(&target, Writer::Run, &[]).unwrap().draft().unwrap();
    draft.write("a", "2").unwrap();
    draft.write("b", "2").unwrap();
    fs::write(target.join("b"), "mine").unwrap();
    assert!(draft.finish().unwrap_err().to_string().contains("report/b: is there already"));
    assert_eq!((text(&target.join("a")), text(&target.join("b"))), ("1".into(), "mine".into()));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn a_file_is_replaced_by_who_wrote_it_and_by_nobody_else() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("scores.csv");
    let write = |by, text: &str| Target::file(&path, by, &[]).and_then(|target| target.write(text));
    write(Writer::Scores, "1").unwrap();
    write(Writer::Scores, "2").unwrap();
    assert_eq!(text(&path), "2");
    let other = write(Writer::Findings, "3").unwrap_err();
    assert!(other.to_string().contains("was written by `leadoff score`"), "{other}");
    fs::write(&path, "mine").unwrap();
    let changed = write(Writer::Scores, "4").unwrap_err();
    assert!(changed.to_string().contains("was changed since"), "{changed}");
    assert_eq!(text(&path), "mine");
    // What an earlier call wrote is ours, whichever it was: a killed command leaves the file before its mark's.
    fs::write(&path, "1").unwrap();
    write(Writer::Scores, "5").unwrap();
    let elsewhere = root.path().join("mine.csv");
    fs::write(&elsewhere, "mine").unwrap();
    assert!(
        Target::file(&elsewhere, Writer::Scores, &[]).unwrap_err().to_string().contains("leadoff did not write it")
    );
    assert_eq!(names(root.path()), ["mine.csv", "scores.csv"]);
}

#[test]
fn nothing_to_lose_is_nothing_to_refuse() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("made-by-mktemp.csv");
    fs::write(&path, "").unwrap();
    Target::file(&path, Writer::Scores, &[]).unwrap().write("1").unwrap();
    assert_eq!(text(&path), "1");
    Target::file(Path::new("/dev/null"), Writer::Scores, &[]).unwrap().write("1").unwrap();
}

#[test]
fn inputs_are_not_written_over_even_where_they_are_ours() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("scores.csv");
    Target::file(&path, Writer::Scores, &[]).unwrap().write("1").unwrap();
    let inputs = [root.path().join("./scores.csv")];
    assert!(matches!(Target::file(&path, Writer::Scores, &inputs), Err(StoreError::Input { .. })));
    assert!(matches!(Target::folder(root.path(), Writer::Run, &inputs), Err(StoreError::Input { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_followed_or_refused_and_stay() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let (real, link) = (root.path().join("real.csv"), root.path().join("link.csv"));
    Target::file(&real, Writer::Scores, &[]).unwrap().write("1").unwrap();
    symlink(&real, &link).unwrap();
    Target::file(&link, Writer::Scores, &[]).unwrap().write("2").unwrap();
    assert_eq!(text(&real), "2");
    assert!(link.symlink_metadata().unwrap().is_symlink());
    let nowhere = root.path().join("nowhere");
    symlink(root.path().join("missing/x"), &nowhere).unwrap();
    assert!(Target::file(&nowhere, Writer::Scores, &[]).is_err());
    let (report, at) = (root.path().join("2026"), root.path().join("latest"));
    folder(&report, &[("a", "1")]).unwrap();
    symlink(&report, &at).unwrap();
    folder(&at, &[("a", "2")]).unwrap();
    assert_eq!(text(&report.join("a")), "2");
    assert!(at.symlink_metadata().unwrap().is_symlink());
    // A link inside a report is somebody's.
    fs::remove_file(report.join("a")).unwrap();
    symlink(&real, report.join("a")).unwrap();
    assert!(folder(&report, &[("a", "3")]).is_err());
    assert_eq!(text(&real), "2");
}

#[test]
fn what_a_killed_command_left_is_swept_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1")]).unwrap();
    // Killed while it wrote: its draft has no marks yet.
    let unfinished = root.path().join(".draft-0123456789abcdef-report");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join(".leadoff-draft"), "").unwrap();
    fs::write(unfinished.join("a"), "half").unwrap();
    // Killed after the exchange: the old report, with a file of somebody else's.
    let old = root.path().join(".draft-fedcba9876543210-report");
    folder(&old, &[("a", "0"), ("charts/x", "0")]).unwrap();
    fs::write(old.join("notes.md"), "mine").unwrap();
    // Not ours, whatever it is called.
    let alike = root.path().join(".draft-aaaaaaaaaaaaaaaa-report");
    fs::create_dir(&alike).unwrap();
    fs::write(alike.join("thesis"), "mine").unwrap();
    folder(&target, &[("a", "2")]).unwrap();
    assert_eq!(names(root.path()), [".draft-aaaaaaaaaaaaaaaa-report/thesis", "report/a", "report/notes.md"]);
    assert_eq!(text(&target.join("a")), "2");
}

#[test]
fn an_old_report_whose_place_is_empty_comes_back() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&root.path().join(".draft-fedcba9876543210-report"), &[("a", "0")]).unwrap();
    drop(Target::folder(&target, Writer::Run, &[]).unwrap().draft().unwrap());
    assert_eq!(text(&target.join("a")), "0");
}

#[test]
fn a_draft_that_somebody_writes_is_not_swept() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    let mut first = Target::folder(&target, Writer::Run, &[]).unwrap().draft().unwrap();
    first.write("a", "first").unwrap();
    folder(&target, &[("a", "second"), ("b", "second")]).unwrap();
    first.finish().unwrap();
    assert_eq!(names(root.path()), ["report/a"]);
    assert_eq!(text(&target.join("a")), "first");
}

#[test]
fn many_writers_leave_one_whole_report() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let target = &target;
            scope.spawn(move || {
                for _ in 0..6 {
                    let text = writer.to_string();
                    folder(target, &[("a", &text), ("charts/b", &text), (&format!("own-{text}"), &text)]).unwrap();
                }
            });
        }
    });
    let own = names(&target);
    assert_eq!(own.len(), 3, "{own:?}");
    let last = text(&target.join("a"));
    assert_eq!((text(&target.join("charts/b")), own[2].clone()), (last.clone(), format!("own-{last}")));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn a_ledger_is_held_by_one_at_a_time_and_leaves_no_lock() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("ledger");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let ledger = Ledger::hold(&path).unwrap();
                    let before = ledger.read().unwrap().unwrap_or_default();
                    ledger.replace(&format!("{before}line\n")).unwrap();
                }
            });
        }
    });
    assert_eq!(text(&path).lines().count(), 80);
    assert_eq!(names(root.path()), ["ledger"]);
}

#[test]
fn a_mark_that_a_full_disk_cut_short_spoils_no_other() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("scores.csv");
    let write = |text: &str| Target::file(&path, Writer::Scores, &[]).and_then(|target| target.write(text));
    write("1").unwrap();
    let marks = root.path().join(MARKS);
    fs::write(&marks, text(&marks) + "{\"name\":\"scores.csv\",\"by\":\"sco").unwrap();
    write("2").unwrap();
    write("3").unwrap();
    assert_eq!(text(&path), "3");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_in_two_folders_keeps_its_place() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1"), ("old/y", "1")]).unwrap();
    fs::create_dir(target.join("archive")).unwrap();
    fs::write(target.join("archive/mine"), "mine").unwrap();
    fs::write(target.join(".draft-mail.md"), "mine").unwrap();
    fs::write(target.join(".leadoff-draft"), "mine").unwrap();
    fs::set_permissions(target.join("archive"), fs::Permissions::from_mode(0o555)).unwrap();
    let before = target.join("archive").metadata().unwrap().ino();
    let stored = folder(&target, &[("a", "2")]).unwrap();
    assert_eq!(stored.kept, [".draft-mail.md", ".leadoff-draft", "archive/"]);
    assert_eq!(names(&target), [".draft-mail.md", ".leadoff-draft", "a", "archive/mine"]);
    assert!(!target.join("old").exists());
    assert_eq!((text(&target.join("a")), target.join("archive").metadata().unwrap().ino()), ("2".into(), before));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    fs::set_permissions(target.join("archive"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_where_a_folder_of_ours_was_is_met_before_anything_is_written() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("report");
    folder(&target, &[("a", "1"), ("charts/x", "1")]).unwrap();
    fs::remove_dir_all(target.join("charts")).unwrap();
    fs::write(target.join("charts"), "mine").unwrap();
    let refused = Target::folder(&target, Writer::Run, &[]).unwrap_err();
    assert!(refused.to_string().contains("lies below what is no folder"), "{refused}");
    assert_eq!((text(&target.join("a")), text(&target.join("charts"))), ("1".into(), "mine".into()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_and_a_disk_in_memory_are_files_as_others_are() {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let odd = root.path().join(std::ffi::OsStr::from_bytes(b"no\xffte.csv"));
    fs::write(&odd, "mine").unwrap();
    assert!(Target::file(&odd, Writer::Scores, &[]).is_err());
    let memory = Path::new("/dev/shm").join(format!("leadoff-test-{}", std::process::id()));
    if fs::write(&memory, "mine").is_ok() {
        let refused = Target::file(&memory, Writer::Scores, &[]);
        assert_eq!(text(&memory), "mine");
        fs::remove_file(&memory).unwrap();
        assert!(refused.is_err());
    }
}

#[test]
fn marks_that_came_with_a_folder_reach_nothing_outside_of_it() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().join("report");
    fs::create_dir_all(at.join(".draft-")).unwrap();
    fs::write(root.path().join("thesis"), "mine").unwrap();
    fs::write(at.join(".draft-plain"), "mine").unwrap();
    let mark = |name: &str| format!("{{\"name\":\"{name}\",\"by\":\"run\",\"bytes\":0,\"sha256\":\"\"}}\n");
    let marks = [mark(".draft-/../../thesis"), mark("../thesis"), mark(".draft-plain"), mark("/etc/hostname")].concat();
    fs::write(at.join(MARKS), marks).unwrap();
    Target::file(&at.join("s.csv"), Writer::Scores, &[]).unwrap().write("1").unwrap();
    assert_eq!((text(&root.path().join("thesis")), text(&at.join(".draft-plain"))), ("mine".into(), "mine".into()));
}

#[cfg(unix)]
#[test]
fn what_stands_under_our_own_names_and_is_not_ours_stays() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("notes"), "mine").unwrap();
    std::os::unix::fs::symlink(root.path().join("notes"), root.path().join(MARKS)).unwrap();
    assert!(Target::file(&root.path().join("s.csv"), Writer::Scores, &[]).is_err());
    fs::remove_file(root.path().join(MARKS)).unwrap();
    fs::write(root.path().join(MARKS), "mine").unwrap();
    assert!(Target::file(&root.path().join("s.csv"), Writer::Scores, &[]).is_err());
    fs::write(root.path().join(".l.lock"), "mine").unwrap();
    drop(Ledger::hold(&root.path().join("l")).unwrap());
    assert_eq!(names(root.path()), [".l.lock", "notes"]);
    // A ledger that is kept elsewhere is written there.
    fs::write(root.path().join("shared"), "one\n").unwrap();
    std::os::unix::fs::symlink(root.path().join("shared"), root.path().join("ledger")).unwrap();
    let ledger = Ledger::hold(&root.path().join("ledger")).unwrap();
    ledger.replace("one\ntwo\n").unwrap();
    assert_eq!(text(&root.path().join("shared")), "one\ntwo\n");
}

#[test]
fn two_outputs_are_two_files() {
    let root = tempfile::tempdir().unwrap();
    let target = |name: &str| Target::file(&root.path().join(name), Writer::Scores, &[]).unwrap();
    assert!(target("a.csv").is_apart_from(&target("./a.csv")).is_err());
    assert!(target("a.csv").is_apart_from(&target("b.csv")).is_ok());
    let report = Target::folder(&root.path().join("report"), Writer::Audit, &[]).unwrap();
    fs::create_dir(root.path().join("report")).unwrap();
    assert!(target("report/audit.html").is_apart_from(&report).is_err());
}
