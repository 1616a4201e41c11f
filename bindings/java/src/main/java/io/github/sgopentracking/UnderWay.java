package io.github.sgopentracking;

/** What a client has under way, and cuts off when it is cancelled or closed. */
interface UnderWay {
    void cut();
}
