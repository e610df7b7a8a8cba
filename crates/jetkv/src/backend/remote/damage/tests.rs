use super::of_text;
use jetkv_engine::{Damage, DamageKind, EngineError};
use jetkv_types::Subject;
use std::path::PathBuf;
use std::sync::Arc;

/// What the engine writes is read again, whatever it knows.
#[test]
fn every_text_of_the_engine_is_understood() {
    let kinds = [
        DamageKind::Record,
        DamageKind::Hole,
        DamageKind::Metadata,
        DamageKind::MissingFile,
        DamageKind::UnexplainedTail,
    ];
    let subject = Subject::new("$KV.b.web.port").unwrap();
    for kind in kinds {
        for (length, sequences, subject) in
            [(0, None, None), (7, Some((3, 3)), Some(subject.clone())), (9, Some((3, 8)), None)]
        {
            let path = PathBuf::from("a dir, 7 bytes in it/at offset 3/0001.seg");
            let damage = Damage { path, offset: 42, length, sequences, subject, kind };
            let error = EngineError::Damaged(Arc::new(damage.clone()));
            assert_eq!(of_text(&error.to_string()), Some(damage.clone()), "{error}");
            assert_eq!(of_text(&format!("stream is offline: {error}")), Some(damage));
        }
    }
    for other in ["", "damaged data: ", "insufficient resources", "damaged data: dreams in a at offset 1"] {
        assert_eq!(of_text(other), None, "{other}");
    }
}
