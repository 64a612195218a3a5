//! Files to take away.

use server::exports::harmless;

#[test]
fn a_cell_that_looks_like_a_formula_is_text() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
        assert_eq!(harmless(formula), format!("'{formula}"));
    }
    for plain in ["", "Text \"=1\"", "a=b", "2027-01-04"] {
        assert_eq!(harmless(plain), plain);
    }
}
