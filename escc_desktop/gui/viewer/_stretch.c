/* A picture of colours stretched to the pixels of a screen, from index and weight of every pixel row and column.
 *
 * Whole numbers all the way: a pixel is (1 - w) a + w b of two neighbours in 256ths, along the row first, then between
 * two rows, and so the same on every machine. A row of the picture is stretched once, however many rows of the screen
 * lie over it; between rows the bytes are mixed side by side, at a vector unit's speed.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#define ONE 256
#define HALF 128
#define LANES 4

typedef struct {
    const uint32_t *colors; /* rows, columns */
    Py_ssize_t rows, columns;
} Picture;

typedef struct {
    const int32_t *index;   /* of every pixel the first of two neighbours */
    const uint16_t *weight; /* of the second, in 256ths */
    Py_ssize_t length;      /* pixels */
    int is_whole;           /* all weights are 0 */
    Py_ssize_t low, stop;   /* the rows or columns that are looked at */
} Way;

static uint64_t spread(uint32_t color)
{
    return ((uint64_t)color | ((uint64_t)color << 24)) & UINT64_C(0x00ff00ff00ff00ff);
}

/* Four rows that are grey from end to end, as most are, stretched side by side: one number a pixel instead of three,
 * and one multiplication for the four of them. */
typedef struct {
    Py_ssize_t first; /* the first of the rows; -1 for none yet */
    int is_grey;
    uint8_t *greys; /* LANES rows of the screen's length */
} Group;

static uint32_t packed(const Picture *from, const Way *across, Py_ssize_t first, uint64_t *columns)
{
    const Py_ssize_t n = across->stop - across->low;
    uint32_t coloured = 0;
    memset(columns, 0, (size_t)n * sizeof(uint64_t));
    for (Py_ssize_t lane = 0; lane < LANES && first + lane < from->rows; lane++) {
        const uint32_t *row = from->colors + (first + lane) * from->columns + across->low;
        for (Py_ssize_t x = 0; x < n; x++) {
            coloured |= (row[x] ^ row[x] >> 8) & 0xffff;
            columns[x] |= (uint64_t)(row[x] & 0xff) << (16 * lane);
        }
    }
    return coloured;
}

static void along_grey(const uint64_t *columns, const Way *across, uint8_t *restrict to)
{
    uint8_t *restrict second = to + across->length, *restrict third = second + across->length;
    uint8_t *restrict fourth = third + across->length;
    for (Py_ssize_t x = 0; x < across->length; x++) {
        const uint64_t *at = columns + (across->index[x] - across->low);
        const uint64_t w = across->weight[x];
        const uint64_t mixed = at[0] * (ONE - w) + at[1] * w + HALF * UINT64_C(0x0001000100010001);
        to[x] = (uint8_t)(mixed >> 8);
        second[x] = (uint8_t)(mixed >> 24);
        third[x] = (uint8_t)(mixed >> 40);
        fourth[x] = (uint8_t)(mixed >> 56);
    }
}

/* Return a row of the picture stretched, in greys; NULL if it, or one of those beside it, is not grey. */
static const uint8_t *grey_row(const Picture *from, const Way *across, Py_ssize_t row, Group *groups,
                               uint64_t *columns)
{
    /* A row and the next one are of one group or of neighbouring ones, and these never share a place. */
    Group *group = groups + row / LANES % 2;
    const Py_ssize_t first = row - row % LANES;
    if (group->first != first) {
        group->first = first;
        group->is_grey = !packed(from, across, first, columns);
        if (group->is_grey)
            along_grey(columns, across, group->greys);
    }
    return group->is_grey ? group->greys + row % LANES * across->length : NULL;
}

WIDE static void between_grey(const uint8_t *restrict a, const uint8_t *restrict b, uint16_t w, uint32_t *restrict to,
                              Py_ssize_t length)
{
    const uint16_t v = (uint16_t)(ONE - w);
    for (Py_ssize_t x = 0; x < length; x++) {
        const uint32_t grey = (uint16_t)(a[x] * v + b[x] * w + HALF) >> 8;
        to[x] = grey | grey << 8 | grey << 16 | 0xff000000u;
    }
}

static void along_coloured(const uint32_t *row, const Way *across, uint32_t *restrict to)
{
    for (Py_ssize_t x = 0; x < across->length; x++) {
        const uint32_t *at = row + across->index[x];
        const uint64_t w = across->weight[x];
        const uint64_t both = spread(at[0]) * (ONE - w) + spread(at[1]) * w + HALF * UINT64_C(0x0001000100010001);
        const uint64_t mixed = both >> 8 & UINT64_C(0x00ff00ff00ff00ff);
        to[x] = (uint32_t)(mixed | mixed >> 24);
    }
}

static void along_whole(const uint32_t *row, const Way *across, uint32_t *restrict to)
{
    for (Py_ssize_t x = 0; x < across->length; x++)
        to[x] = row[across->index[x]];
}

WIDE static void between(const uint8_t *restrict a, const uint8_t *restrict b, uint16_t w, uint8_t *restrict to,
                         Py_ssize_t bytes)
{
    const uint16_t v = (uint16_t)(ONE - w);
    for (Py_ssize_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)((uint16_t)(a[i] * v + b[i] * w + HALF) >> 8);
}

/* `rows` has room for two stretched rows, `held` says which rows of the picture they are. */
static const uint32_t *stretched(const Picture *from, const Way *across, Py_ssize_t row, uint32_t *rows,
                                 Py_ssize_t *held, Py_ssize_t other)
{
    const int slot = held[0] == row ? 0 : held[1] == row ? 1 : held[0] == other ? 1 : 0;
    const uint32_t *line = from->colors + row * from->columns;
    uint32_t *to = rows + slot * across->length;
    if (held[slot] == row)
        return to;
    if (across->is_whole)
        along_whole(line, across, to);
    else
        along_coloured(line, across, to);
    held[slot] = row;
    return to;
}

typedef struct {
    uint32_t *rows;
    uint64_t *columns;
    Group groups[2];
} Work;

static void paint(const Picture *from, const Way *across, const Way *down, uint32_t *to, Py_ssize_t stride, Work *work)
{
    Py_ssize_t held[2] = {-1, -1};
    const size_t bytes = (size_t)across->length * sizeof(uint32_t);
    for (Py_ssize_t y = 0; y < down->length; y++) {
        const Py_ssize_t row = down->index[y], next = row + (down->weight[y] != 0);
        uint32_t *line = to + y * stride;
        const uint8_t *grey = NULL, *other = NULL;
        if (!across->is_whole && (grey = grey_row(from, across, row, work->groups, work->columns)))
            other = grey_row(from, across, next, work->groups, work->columns);
        if (other) {
            between_grey(grey, other, down->weight[y], line, across->length);
            continue;
        }
        const uint32_t *a = stretched(from, across, row, work->rows, held, next);
        if (next == row) {
            memcpy(line, a, bytes);
            continue;
        }
        const uint32_t *b = stretched(from, across, next, work->rows, held, row);
        between((const uint8_t *)a, (const uint8_t *)b, down->weight[y], (uint8_t *)line, (Py_ssize_t)bytes);
    }
}

/* Say what is wrong with a way over `length` rows or columns; NULL for nothing. */
static const char *check(Way *way, Py_ssize_t length)
{
    way->is_whole = 1;
    way->low = way->stop = 0;
    for (Py_ssize_t i = 0; i < way->length; i++) {
        if (way->weight[i] > ONE)
            return "a weight over 256";
        way->is_whole = way->is_whole && !way->weight[i];
    }
    /* Where any weight is not 0, both neighbours of every pixel are looked at. */
    const Py_ssize_t beside = way->is_whole ? 0 : 1, last = length - 1 - beside;
    for (Py_ssize_t i = 0; i < way->length; i++) {
        if (way->index[i] < 0 || way->index[i] > last)
            return "an index beyond the picture";
        if (!i || way->index[i] < way->low)
            way->low = way->index[i];
        if (way->index[i] + beside >= way->stop)
            way->stop = way->index[i] + beside + 1;
    }
    return NULL;
}

static PyObject *run(const Py_buffer *views)
{
    const Picture from = {views[0].buf, views[0].shape[0], views[0].shape[1]};
    Way across = {views[2].buf, views[3].buf, views[1].shape[1], 0, 0, 0};
    Way down = {views[4].buf, views[5].buf, views[1].shape[0], 0, 0, 0};
    const char *wrong = NULL;
    if (views[2].shape[0] != across.length || views[3].shape[0] != across.length ||
        views[4].shape[0] != down.length || views[5].shape[0] != down.length)
        wrong = "index and weight are not one a pixel";
    else if (views[1].strides[1] != (Py_ssize_t)sizeof(uint32_t) || views[1].strides[0] % (Py_ssize_t)sizeof(uint32_t))
        wrong = "pixels of a row do not lie side by side";
    else if (!(wrong = check(&across, from.columns)))
        wrong = check(&down, from.rows);
    if (wrong) {
        PyErr_SetString(PyExc_ValueError, wrong);
        return NULL;
    }
    const size_t length = (size_t)across.length, columns = (size_t)(across.stop - across.low);
    char *room = malloc(columns * sizeof(uint64_t) + 2 * length * sizeof(uint32_t) + 2 * LANES * length + 1);
    if (!room)
        return PyErr_NoMemory();
    Work work = {NULL, (uint64_t *)(void *)room, {{-1, 0, NULL}, {-1, 0, NULL}}};
    work.rows = (uint32_t *)(void *)(room + columns * sizeof(uint64_t));
    work.groups[0].greys = (uint8_t *)(work.rows + 2 * length);
    work.groups[1].greys = work.groups[0].greys + LANES * length;
    Py_BEGIN_ALLOW_THREADS
    paint(&from, &across, &down, views[1].buf, views[1].strides[0] / (Py_ssize_t)sizeof(uint32_t), &work);
    Py_END_ALLOW_THREADS
    free(room);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(stretch_doc,
    "stretch(colors, pixels, columns, column_weights, rows, row_weights)\n--\n\n"
    "Paint all `pixels` (uint32) from `colors` (opaque RGB32). Of every row and column of pixels, `rows` and `columns`\n"
    "(int32) say the first of two neighbours in `colors`, `..._weights` (uint16) the second one's share in 256ths.");

static PyObject *stretch(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[6] = {4, 4, 4, 2, 4, 2};
    PyObject *objects[6], *result = NULL;
    Py_buffer views[6];
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOO", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &objects[5]))
        return NULL;
    while (taken < 6 && PyObject_GetBuffer(objects[taken], &views[taken],
                                           taken == 1 ? PyBUF_STRIDES | PyBUF_WRITABLE : PyBUF_C_CONTIGUOUS) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == (i < 2 ? 2 : 1);
    if (taken == 6 && fits)
        result = run(views);
    else if (taken == 6)
        PyErr_SetString(PyExc_TypeError, "arrays of other types or dimensions");
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"stretch", stretch, METH_VARARGS, stretch_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_stretch", "Pictures stretched to the pixels of a screen.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__stretch(void);

PyMODINIT_FUNC PyInit__stretch(void)
{
    return PyModule_Create(&module);
}
