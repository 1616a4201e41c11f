/** Switches SendGrid's open tracking on or off. */
module io.github.sgopentracking {
    requires com.sun.jna;

    exports io.github.sgopentracking;

    opens io.github.sgopentracking to com.sun.jna; // which calls back what is not public
}
