/**
 * Model packages: MLmodel, ONNX graph, signature and reference profile, written, verified and
 * scored.
 */
@NullMarked
package io.millrace.modelpackage;

import org.jspecify.annotations.NullMarked;
