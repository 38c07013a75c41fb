package io.millrace.inference.v2;

import io.millrace.inference.requests.Refusal;
import io.millrace.inference.rows.Cells;

/** Tensor datatypes that travel in JSON, with the values they take. */
enum Datatype {
  BOOL(0, 1),
  UINT8(0, 255),
  UINT16(0, 65_535),
  UINT32(0, 4_294_967_295d),
  UINT64(0, 0x1p53),
  INT8(-128, 127),
  INT16(-32_768, 32_767),
  INT32(Integer.MIN_VALUE, Integer.MAX_VALUE),
  INT64(-0x1p53, 0x1p53),
  FP32(-Float.MAX_VALUE, Float.MAX_VALUE),
  FP64(-Double.MAX_VALUE, Double.MAX_VALUE),
  BYTES(0, 0);

  private final double least;
  private final double most;

  Datatype(double least, double most) {
    this.least = least;
    this.most = most;
  }

  static Datatype of(String name) {
    for (Datatype type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    if (name.equals("FP16") || name.equals("BF16")) {
      throw Refusal.badRequest("datatype " + name + " has no form in JSON; send FP32");
    }
    throw Refusal.badRequest(
        "'%s' is not a datatype; known are BOOL, UINT8 to UINT64, INT8 to INT64, FP32, FP64 and BYTES"
            .formatted(name.length() > 40 ? name.substring(0, 40) + "..." : name));
  }

  /** Refuses values that are not of this type; null stands for a missing value in any of them. */
  void check(String tensor, Cells cells) {
    for (int i = 0; i < cells.size(); i++) {
      Cells.Kind kind = cells.kind(i);
      boolean fits =
          kind == Cells.Kind.MISSING
              || switch (this) {
                case BYTES -> kind == Cells.Kind.TEXT;
                case BOOL ->
                    kind == Cells.Kind.TRUE || kind == Cells.Kind.FALSE || whole(cells, i, kind);
                case FP32, FP64 ->
                    kind == Cells.Kind.WHOLE || kind == Cells.Kind.FRACTION && inRange(cells, i);
                default -> whole(cells, i, kind);
              };
      if (!fits) {
        throw Refusal.badRequest(
            "input '%s': value %d is not %s"
                .formatted(
                    tensor,
                    i,
                    this == BYTES
                        ? "a string"
                        : this == BOOL ? "true or false" : "a number " + name() + " can hold"));
      }
    }
  }

  private boolean whole(Cells cells, int index, Cells.Kind kind) {
    return kind == Cells.Kind.WHOLE && inRange(cells, index);
  }

  private boolean inRange(Cells cells, int index) {
    return cells.number(index) >= least && cells.number(index) <= most;
  }
}
