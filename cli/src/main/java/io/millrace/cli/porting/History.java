package io.millrace.cli.porting;

import io.millrace.cli.porting.Messages.Metric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;

/**
 * One metric's points, page by page, each read as a stream: servers before paging answer with the
 * whole history at once, however long it is.
 */
final class History implements Iterator<Metric> {

  /** Fetches the page of a token, "" for the first. */
  @FunctionalInterface
  interface Fetch {
    Spool page(String token) throws IOException;
  }

  private static final ObjectReader POINT =
      Messages.JSON.readerFor(Metric.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final String key;
  private final Fetch fetch;
  private @Nullable Spool spool;
  private @Nullable JsonParser parser;
  private @Nullable Metric next;
  private String token = "";
  private boolean begun;

  History(String key, Fetch fetch) {
    this.key = key;
    this.fetch = fetch;
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null && advance()) {
        // Fields that are not points are passed over.
      }
    } catch (JacksonException e) {
      close();
      throw new UncheckedIOException(
          new Trouble(
              "the history of metric " + key + " is not readable: " + e.getMessage(), false));
    } catch (IOException e) {
      close();
      throw new UncheckedIOException(e);
    }
    return next != null;
  }

  /** One step in the answer; false at the end of the last page. */
  private boolean advance() throws IOException {
    var reading = parser;
    if (reading == null) {
      if (begun && token.isEmpty()) {
        return false;
      }
      begun = true;
      var page = fetch.page(token);
      spool = page;
      token = "";
      reading = Messages.JSON.createParser(page.bytes());
      parser = reading;
    }
    var at = reading.nextToken();
    if (at == null) {
      close();
    } else if (at == JsonToken.START_OBJECT && reading.streamReadContext().getParent().inArray()) {
      next = POINT.readValue(reading);
    } else if (at == JsonToken.VALUE_STRING && "next_page_token".equals(reading.currentName())) {
      token = reading.getString();
    }
    return true;
  }

  private void close() {
    if (parser != null) {
      parser.close();
      parser = null;
    }
    if (spool != null) {
      spool.close();
      spool = null;
    }
  }

  @Override
  public Metric next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    var metric = java.util.Objects.requireNonNull(next);
    next = null;
    return metric;
  }
}
