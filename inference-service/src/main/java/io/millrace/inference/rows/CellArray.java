package io.millrace.inference.rows;

import java.util.Arrays;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A JSON array of values or of arrays of values, as deep as it is nested but regular, in row-major
 * order.
 *
 * @param cells the values
 * @param shape length of each level; of a flat array, its length
 */
public record CellArray(Cells cells, int[] shape) {

  /** Deepest nesting that is read. */
  public static final int MAX_DEPTH = 8;

  /**
   * Reads the array the parser stands on.
   *
   * @throws InvalidRows where it is no array, is ragged, or too deep
   */
  public static CellArray read(JsonParser parser, String where) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw new InvalidRows(where + " is not an array");
    }
    parser.nextToken();
    return readFromFirst(parser, where);
  }

  /** As {@link #read}, where the parser stands on the first element, or on the end, already. */
  public static CellArray readFromFirst(JsonParser parser, String where) {
    Reader reader = new Reader(where);
    reader.array(parser, 0);
    return new CellArray(reader.cells, Arrays.copyOf(reader.lengths, reader.leafDepth + 1));
  }

  private static final class Reader {
    private final String where;
    private final Cells cells = new Cells();
    private final int[] lengths = new int[MAX_DEPTH];
    private int leafDepth = -1;

    Reader(String where) {
      this.where = where;
      Arrays.fill(lengths, -1);
    }

    void array(JsonParser parser, int depth) {
      if (depth == MAX_DEPTH) {
        throw new InvalidRows(where + " is nested deeper than " + MAX_DEPTH + " levels");
      }
      int length = 0;
      boolean leaves = false;
      for (JsonToken token = parser.currentToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        if (token == JsonToken.START_ARRAY) {
          parser.nextToken();
          array(parser, depth + 1);
          if (leaves) {
            throw ragged();
          }
        } else {
          if (leafDepth < 0) {
            leafDepth = depth;
          }
          if (leafDepth != depth) {
            throw ragged();
          }
          leaves = true;
          cells.add(parser);
        }
        length++;
      }
      if (lengths[depth] >= 0 && lengths[depth] != length) {
        throw ragged();
      }
      lengths[depth] = length;
      if (depth == 0 && leafDepth < 0) {
        leafDepth = 0;
      }
    }

    private InvalidRows ragged() {
      return new InvalidRows(where + " is ragged: all arrays of a level need the same length");
    }
  }
}
