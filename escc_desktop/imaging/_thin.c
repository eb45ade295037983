/* A line without the points that hardly change it, as Douglas and Peucker leave them out, and the lines that ways over
 * a grid are. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double row, column;
} Place;

typedef struct {
    Py_ssize_t first, last;
} Span;

/* How far a point is from the nearest place of the way from start to end. */
static double distance(Place at, Place start, Place end)
{
    const double down = end.row - start.row, right = end.column - start.column;
    const double square = down * down + right * right;
    const double y = at.row - start.row, x = at.column - start.column;
    double along = square > 0 ? (y * down + x * right) / square : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return hypot(y - along * down, x - along * right);
}

static void thin(const Place *line, char *kept, Py_ssize_t n, double tolerance, Span *spans)
{
    Py_ssize_t n_spans = 0;
    memset(kept, 0, (size_t)n);
    kept[0] = kept[n - 1] = 1;
    spans[n_spans++] = (Span){0, n - 1};
    while (n_spans) {
        const Span span = spans[--n_spans];
        Py_ssize_t middle = -1;
        double farthest = tolerance;
        for (Py_ssize_t i = span.first + 1; i < span.last; i++) {
            const double away = distance(line[i], line[span.first], line[span.last]);
            if (away > farthest) {
                farthest = away;
                middle = i;
            }
        }
        if (middle >= 0) {
            kept[middle] = 1;
            spans[n_spans++] = (Span){span.first, middle};
            spans[n_spans++] = (Span){middle, span.last};
        }
    }
}

PyDoc_STRVAR(thinned_doc,
    "thinned(line, kept, tolerance)\n--\n\n"
    "Set in `kept` (of one byte) which points of a `line` (float64, n x 2, at least one) are needed, so that no point\n"
    "lies farther than `tolerance` from the line through those kept; the first and the last one always are.");

static PyObject *thinned(PyObject *module, PyObject *args)
{
    PyObject *line, *kept, *result = NULL;
    Py_buffer points, flags;
    double tolerance;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOd", &line, &kept, &tolerance) ||
        PyObject_GetBuffer(line, &points, PyBUF_C_CONTIGUOUS) != 0)
        return NULL;
    if (PyObject_GetBuffer(kept, &flags, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) != 0) {
        PyBuffer_Release(&points);
        return NULL;
    }
    if (points.ndim != 2 || points.shape[1] != 2 || points.itemsize != (Py_ssize_t)sizeof(double) ||
        points.shape[0] < 1 || flags.ndim != 1 || flags.itemsize != 1 || flags.shape[0] != points.shape[0]) {
        PyErr_SetString(PyExc_ValueError, "arrays of other types or sizes");
    } else {
        /* Every span that waits begins at another kept point. */
        Span *spans = malloc(((size_t)points.shape[0] + 1) * sizeof(Span));
        if (spans) {
            thin(points.buf, flags.buf, points.shape[0], tolerance, spans);
            result = Py_NewRef(Py_None);
        } else {
            PyErr_NoMemory();
        }
        free(spans);
    }
    PyBuffer_Release(&points);
    PyBuffer_Release(&flags);
    return result;
}

typedef struct {
    const int8_t *steps;   /* of every place the number of the step that led there; negative where ways begin */
    Py_ssize_t rows, columns;
    const int64_t *moves;  /* of every step, how far it goes down and to the right */
    Py_ssize_t n_moves;
} Ways;

/* Go back from a place to where its way began, filling `line` from its end; return how many places the way has, or
 * -1 where it leaves the grid or never ends. `line` has room for all places of the grid. */
static Py_ssize_t trace(const Ways *ways, Py_ssize_t row, Py_ssize_t column, Place *line)
{
    const Py_ssize_t most = ways->rows * ways->columns;
    for (Py_ssize_t n = 1; n <= most; n++) {
        if (row < 0 || row >= ways->rows || column < 0 || column >= ways->columns)
            return -1;
        const int step = ways->steps[row * ways->columns + column];
        line[most - n] = (Place){(double)row, (double)column};
        if (step < 0)
            return n;
        if (step >= ways->n_moves)
            return -1;
        row -= (Py_ssize_t)ways->moves[2 * step];
        column -= (Py_ssize_t)ways->moves[2 * step + 1];
    }
    return -1;
}

static PyObject *listed(const Place *line, const char *kept, Py_ssize_t n)
{
    PyObject *places = PyList_New(0);
    for (Py_ssize_t i = 0; places && i < n; i++) {
        PyObject *place = kept[i] ? Py_BuildValue("dd", line[i].row, line[i].column) : NULL;
        if (kept[i] && (!place || PyList_Append(places, place) < 0))
            Py_CLEAR(places);
        Py_XDECREF(place);
    }
    return places;
}

/* The line of a way, moved by `corner`; its ends are `ends` where these are given. */
static PyObject *line_of(const Ways *ways, Py_ssize_t row, Py_ssize_t column, Place corner, const Place *ends,
                         double tolerance)
{
    const size_t most = (size_t)(ways->rows * ways->columns);
    Place *room = malloc(most * sizeof(Place));
    PyObject *places = NULL;
    Py_ssize_t n = room ? trace(ways, row, column, room) : 0;
    if (!room)
        return PyErr_NoMemory();
    if (n < 0) {
        free(room);
        PyErr_SetString(PyExc_ValueError, "a way that leads nowhere");
        return NULL;
    }
    Place *line = room + (most - (size_t)n);
    Span *spans = malloc(((size_t)n + 1) * sizeof(Span));
    char *kept = malloc((size_t)n + 1);
    for (Py_ssize_t i = 0; i < n; i++) {
        line[i].row += corner.row;
        line[i].column += corner.column;
    }
    if (ends && n > 1) {
        line[0] = ends[0];
        line[n - 1] = ends[1];
    }
    if (spans && kept) {
        thin(line, kept, n, tolerance, spans);
        places = listed(line, kept, n);
    } else {
        PyErr_NoMemory();
    }
    free(kept);
    free(spans);
    free(room);
    return places;
}

PyDoc_STRVAR(traced_doc,
    "traced(steps, moves, at, corner, ends, tolerance)\n--\n\n"
    "Return the line of the way to a place `at` (row, column) as a list of tuples, from where it begins, without the\n"
    "points that `thinned` leaves out. `steps` (int8, rows x columns) say by which of the `moves` (int64, n x 2) each\n"
    "place is reached, negative where ways begin; `corner` is added to all, and `ends` (row, column, row, column), if\n"
    "not None, stand in for the first and the last one. A negative tolerance keeps all.");

static PyObject *traced(PyObject *module, PyObject *args)
{
    PyObject *steps, *moves, *bounds, *result = NULL;
    Py_buffer of_steps, of_moves;
    Py_ssize_t row, column;
    Place corner, ends[2];
    double tolerance;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO(nn)(dd)Od", &steps, &moves, &row, &column, &corner.row, &corner.column, &bounds,
                          &tolerance))
        return NULL;
    if (bounds != Py_None &&
        !PyArg_ParseTuple(bounds, "dddd", &ends[0].row, &ends[0].column, &ends[1].row, &ends[1].column))
        return NULL;
    if (PyObject_GetBuffer(steps, &of_steps, PyBUF_C_CONTIGUOUS) != 0)
        return NULL;
    if (PyObject_GetBuffer(moves, &of_moves, PyBUF_C_CONTIGUOUS) != 0) {
        PyBuffer_Release(&of_steps);
        return NULL;
    }
    if (of_steps.ndim != 2 || of_steps.itemsize != 1 || of_steps.len < 1 || of_moves.ndim != 2 ||
        of_moves.itemsize != (Py_ssize_t)sizeof(int64_t) || of_moves.shape[1] != 2) {
        PyErr_SetString(PyExc_ValueError, "arrays of other types or sizes");
    } else {
        const Ways ways = {of_steps.buf, of_steps.shape[0], of_steps.shape[1], of_moves.buf, of_moves.shape[0]};
        result = line_of(&ways, row, column, corner, bounds == Py_None ? NULL : ends, tolerance);
    }
    PyBuffer_Release(&of_steps);
    PyBuffer_Release(&of_moves);
    return result;
}

static PyMethodDef methods[] = {
    {"traced", traced, METH_VARARGS, traced_doc},
    {"thinned", thinned, METH_VARARGS, thinned_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_thin", "Lines of few points.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__thin(void);

PyMODINIT_FUNC PyInit__thin(void)
{
    return PyModule_Create(&module);
}
