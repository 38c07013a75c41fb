package io.millrace.cli.porting;

import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Everything of a list that comes in pages, holding one page at a time. */
final class Paged<T> implements Iterator<T> {

  /**
   * One page.
   *
   * @param next token of the page after it; "" for the last
   */
  record Page<T>(List<T> items, String next) {}

  /** Fetches the page of a token, "" for the first. */
  @FunctionalInterface
  interface Fetch<T> {
    Page<T> page(String token) throws Trouble;
  }

  private final Fetch<T> fetch;
  private final Deque<T> items = new ArrayDeque<>();
  private String token = "";
  private boolean last;

  Paged(Fetch<T> fetch) {
    this.fetch = fetch;
  }

  /** Throws {@link UncheckedIOException} with a {@link Trouble} where a page cannot be had. */
  @Override
  public boolean hasNext() {
    while (items.isEmpty() && !last) {
      try {
        var page = fetch.page(token);
        items.addAll(page.items());
        // A server that hands out the same token for ever would never let us end.
        last = page.next().isEmpty() || page.next().equals(token);
        token = page.next();
      } catch (Trouble e) {
        throw new UncheckedIOException(e);
      }
    }
    return !items.isEmpty();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return items.removeFirst();
  }
}
