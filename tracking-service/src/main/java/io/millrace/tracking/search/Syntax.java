package io.millrace.tracking.search;

import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.search.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the form of a filter without knowing what may be asked.
 *
 * <pre>
 * filter     := conjunction ( OR conjunction )*
 * conjunction:= unit ( [AND] unit )*            a dangling AND is harmless
 * unit       := NOT unit | '(' filter ')' | clause
 * clause     := name comparator value | name [NOT] IN '(' value, ... ')' | name IS [NOT] NULL
 * </pre>
 *
 * What does not fit is collected, so that one error names all of it.
 */
final class Syntax {

  static final int LONGEST = 65_536;
  static final int DEEPEST = 32;
  static final int MOST_CLAUSES = 100;
  static final int MOST_VALUES = 1000;
  private static final int MOST_COMPLAINTS = 20;
  private static final int LONGEST_COMPLAINT = 100;

  /** The form of a filter; leaves are numbers of clauses. */
  sealed interface Node {
    record And(List<Node> parts) implements Node {}

    record Or(List<Node> parts) implements Node {}

    record Not(Node part) implements Node {}

    record Leaf(int clause) implements Node {}
  }

  /**
   * A clause as it was written.
   *
   * @param comparator in upper case, with one space between its words
   * @param value null for IS [NOT] NULL
   */
  record Clause(Token left, String comparator, @Nullable Value value) {}

  /**
   * A value as it was written.
   *
   * @param single the token where it is one
   * @param items the tokens between parentheses where it is a list, with their commas
   */
  record Value(String text, @Nullable Token single, @Nullable List<Token> items) {}

  record Parsed(Node root, List<Clause> clauses) {}

  private final List<Token> tokens;
  private final List<Clause> clauses = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();
  private int at;

  private Syntax(List<Token> tokens) {
    this.tokens = tokens;
  }

  static Parsed parse(String filter) {
    if (filter.length() > LONGEST) {
      throw MlflowException.invalid(
          "The filter has %d characters; at most %d are read.".formatted(filter.length(), LONGEST));
    }
    requireText(filter, "filter");
    Syntax syntax = new Syntax(Token.all(filter));
    syntax.refuseSeveral(filter);
    Node root = syntax.disjunction(0);
    while (syntax.at < syntax.tokens.size()) {
      syntax.complain(syntax.tokens.get(syntax.at++).text());
      syntax.disjunction(0);
    }
    if (!syntax.complaints.isEmpty()) {
      throw MlflowException.invalid(
          "Invalid clause(s) in filter string: " + String.join(", ", syntax.complaints));
    }
    return new Parsed(root, syntax.clauses);
  }

  /** PostgreSQL knows neither the character NUL nor half of a pair. */
  static void requireText(String text, String what) {
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int c = text.codePointAt(i);
      if (c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
        throw MlflowException.invalid(
            "The %s contains a character that no text can have (U+%04X at position %d)."
                .formatted(what, c, i));
      }
    }
  }

  private void refuseSeveral(String filter) {
    boolean ended = false;
    for (Token token : tokens) {
      boolean end = token.text().equals(";");
      if (ended && !end) {
        throw MlflowException.invalid(
            "Search filter contained multiple expression %s. Provide AND-ed expression list."
                .formatted(Python.repr(filter)));
      }
      ended |= end;
    }
  }

  private Node disjunction(int depth) {
    if (depth > DEEPEST) {
      throw MlflowException.invalid("The filter nests deeper than %d levels.".formatted(DEEPEST));
    }
    List<Node> parts = new ArrayList<>();
    parts.add(conjunction(depth));
    while (peek().filter(token -> token.is("OR")).isPresent()) {
      String or = tokens.get(at++).text();
      Node next = conjunction(depth);
      if (empty(parts.getLast()) || empty(next)) {
        complain(or);
      }
      parts.add(next);
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.Or(parts);
  }

  private Node conjunction(int depth) {
    List<Node> parts = new ArrayList<>();
    while (at < tokens.size()) {
      Token token = tokens.get(at);
      if (token.is("AND")) {
        at++;
      } else if (token.is("OR") || token.kind() == Kind.CLOSE) {
        break;
      } else {
        unit(depth).ifPresent(parts::add);
      }
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.And(parts);
  }

  private Optional<Node> unit(int depth) {
    Token token = tokens.get(at);
    if (token.is("NOT")) {
      at++;
      if (depth > DEEPEST) {
        throw MlflowException.invalid("The filter nests deeper than %d levels.".formatted(DEEPEST));
      }
      Optional<Node> part = negatable() ? unit(depth + 1) : Optional.empty();
      if (part.isEmpty()) {
        complain(token.text());
      }
      return part.map(Node.Not::new);
    }
    if (token.kind() == Kind.OPEN) {
      int begun = at++;
      Node inner = disjunction(depth + 1);
      if (peek().filter(next -> next.kind() == Kind.CLOSE).isEmpty() || empty(inner)) {
        complain(text(begun, Math.min(at + 1, tokens.size())));
      }
      at = Math.min(at + 1, tokens.size());
      return Optional.of(inner);
    }
    Optional<Clause> clause = clause();
    if (clause.isEmpty()) {
      complain(token.text());
      at++;
      return Optional.empty();
    }
    if (clauses.size() == MOST_CLAUSES) {
      throw MlflowException.invalid("The filter has more than %d clauses.".formatted(MOST_CLAUSES));
    }
    clauses.add(clause.get());
    return Optional.of(new Node.Leaf(clauses.size() - 1));
  }

  private boolean negatable() {
    return peek()
        .filter(token -> !token.is("AND") && !token.is("OR") && token.kind() != Kind.CLOSE)
        .isPresent();
  }

  private Optional<Clause> clause() {
    int begun = at;
    Token left = tokens.get(at);
    if (!operand(left)) {
      return Optional.empty();
    }
    at++;
    String comparator = comparator();
    if (comparator.startsWith("IS ")) {
      return Optional.of(new Clause(left, comparator, null));
    }
    if (!comparator.isEmpty() && at < tokens.size()) {
      Token right = tokens.get(at);
      if (operand(right)) {
        at++;
        return Optional.of(new Clause(left, comparator, new Value(right.text(), right, null)));
      }
      Optional<Value> list = right.kind() == Kind.OPEN ? list() : Optional.empty();
      if (list.isPresent()) {
        return Optional.of(new Clause(left, comparator, list.get()));
      }
    }
    at = begun;
    return Optional.empty();
  }

  private static boolean operand(Token token) {
    return switch (token.kind()) {
      case WORD, NUMBER, STRING, OPERATION -> true;
      case COMPARATOR, OPEN, CLOSE, COMMA, OTHER -> false;
    };
  }

  private String comparator() {
    StringBuilder words = new StringBuilder();
    Token first = peek().orElse(null);
    if (first == null) {
      return "";
    }
    if (first.kind() == Kind.COMPARATOR
        || first.is("LIKE")
        || first.is("ILIKE")
        || first.is("RLIKE")
        || first.is("IN")) {
      at++;
      return first.upper();
    }
    int begun = at;
    if (first.is("IS")) {
      at++;
      words.append("IS ");
      if (peek().filter(token -> token.is("NOT")).isPresent()) {
        at++;
        words.append("NOT ");
      }
      if (peek().filter(token -> token.is("NULL")).isPresent()) {
        at++;
        return words.append("NULL").toString();
      }
    } else if (first.is("NOT")) {
      at++;
      Optional<Token> second =
          peek()
              .filter(
                  token ->
                      token.is("IN") || token.is("LIKE") || token.is("ILIKE") || token.is("RLIKE"));
      if (second.isPresent()) {
        at++;
        return "NOT " + second.get().upper();
      }
    }
    at = begun;
    return "";
  }

  /** From an opening parenthesis to its closing one; nothing where there is none. */
  private Optional<Value> list() {
    int begun = at;
    int end = begun + 1;
    while (end < tokens.size()
        && tokens.get(end).kind() != Kind.CLOSE
        && tokens.get(end).kind() != Kind.OPEN) {
      end++;
    }
    if (end == tokens.size() || tokens.get(end).kind() != Kind.CLOSE) {
      return Optional.empty();
    }
    at = end + 1;
    return Optional.of(new Value(text(begun, at), null, tokens.subList(begun + 1, end)));
  }

  private String text(int from, int to) {
    StringBuilder text = new StringBuilder();
    for (Token token : tokens.subList(from, to)) {
      boolean tight =
          text.isEmpty()
              || token.kind() == Kind.COMMA
              || token.kind() == Kind.CLOSE
              || text.charAt(text.length() - 1) == '(';
      text.append(tight ? "" : " ").append(token.text());
    }
    return text.toString();
  }

  private Optional<Token> peek() {
    return at < tokens.size() ? Optional.of(tokens.get(at)) : Optional.empty();
  }

  private static boolean empty(Node node) {
    return node instanceof Node.And(List<Node> parts) && parts.isEmpty();
  }

  private void complain(String text) {
    if (complaints.size() < MOST_COMPLAINTS) {
      complaints.add("'" + shortened(text) + "'");
    }
  }

  static String shortened(String text) {
    return text.length() <= LONGEST_COMPLAINT
        ? text
        : text.substring(0, text.offsetByCodePoints(0, LONGEST_COMPLAINT / 2)) + "...";
  }

  /** A name without its backticks or quotes. */
  static String unquoted(String name) {
    if (name.length() >= 2
        && "`\"'".indexOf(name.charAt(0)) >= 0
        && name.charAt(name.length() - 1) == name.charAt(0)) {
      return name.substring(1, name.length() - 1);
    }
    return name;
  }
}
