package io.millrace.messaging;

import java.util.Map;

/**
 * A dead letter with what is in it.
 *
 * @param letter the dead letter
 * @param headers all its headers as text
 * @param size bytes of the value
 * @param encoding how `value` is written: `json` for a readable event, `text` or `hex`
 * @param value the value, the first 64 KiB of it
 */
public record DeadLetterDetail(
    DeadLetter letter, Map<String, String> headers, int size, String encoding, String value) {}
