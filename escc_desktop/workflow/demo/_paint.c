/* What takes most of the time of painting a synthetic body: tubes, interpolation, coverage and mixing.
 *
 * Every operation is one of single precision in a fixed order, so that the same seed paints the same body everywhere.
 * Arrays are (z, y, x).
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIMENSIONS 3
#define POINT 4             /* x, y, z, radius */
#define MARGIN_MM 3.0       /* how far around a tube its distance is of interest */
#define SHORTEST_MM2 1e-6f
#define LINES 32            /* lines smoothed at a time */
#define RING 4              /* coarse planes that a fine plane lies between */

static int contiguous(PyObject *source, Py_buffer *view, const char *what, Py_ssize_t bytes, int writable)
{
    if (PyObject_GetBuffer(source, view, PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0)) != 0)
        return 0;
    if (view->len == bytes)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes, expected %zd", what, view->len, bytes);
    PyBuffer_Release(view);
    return 0;
}

/* Let go of buffers and return None; NULL where an error is set. */
static PyObject *ended(Py_buffer *views, int held, int is_sound)
{
    while (held)
        PyBuffer_Release(&views[--held]);
    if (!is_sound)
        return NULL;
    Py_RETURN_NONE;
}

static int sizes_are_sound(const Py_ssize_t *size)
{
    if (size[0] >= 1 && size[1] >= 1 && size[2] >= 1 && size[1] <= PY_SSIZE_T_MAX / 16 / size[2]
        && size[0] <= PY_SSIZE_T_MAX / 16 / (size[1] * size[2]))
        return 1;
    PyErr_SetString(PyExc_ValueError, "sizes must be positive");
    return 0;
}

/* Tubes */

typedef struct {
    Py_ssize_t size[DIMENSIONS];
    const float *axis[DIMENSIONS]; /* ascending, mm */
    float *distance;
} Field;

/* Return how many points of an ascending axis lie below a value. */
static Py_ssize_t below(const float *axis, Py_ssize_t n, double value)
{
    Py_ssize_t low = 0, high = n;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if ((double)axis[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Lower the field around one straight piece with a radius at either end. */
static void capsule(const Field *field, const double *start, const double *end, double flatten)
{
    Py_ssize_t from[DIMENSIONS], to[DIMENSIONS];
    double radius = start[3] > end[3] ? start[3] : end[3];
    float flat = (float)flatten;
    float ex = (float)(end[0] - start[0]), ey = (float)(end[1] - start[1]), ez = (float)(end[2] - start[2]) * flat;
    float squared = (ex * ex + ey * ey) + ez * ez;
    float inverse = 1.0f / (squared > SHORTEST_MM2 ? squared : SHORTEST_MM2);
    float r0 = (float)start[3], dr = (float)(end[3] - start[3]);
    for (int d = 0; d < DIMENSIONS; d++) {
        int c = DIMENSIONS - 1 - d; /* z, y, x of a point x, y, z */
        double margin = (radius + MARGIN_MM) * (c == 2 ? 1.0 / flatten : 1.0);
        double low = start[c] < end[c] ? start[c] : end[c], high = start[c] < end[c] ? end[c] : start[c];
        from[d] = below(field->axis[d], field->size[d], low - margin);
        to[d] = below(field->axis[d], field->size[d], high + margin);
        if (from[d] >= to[d])
            return;
    }
    for (Py_ssize_t z = from[0]; z < to[0]; z++) {
        float dz = (field->axis[0][z] - (float)start[2]) * flat;
        for (Py_ssize_t y = from[1]; y < to[1]; y++) {
            float dy = field->axis[1][y] - (float)start[1];
            float *row = field->distance + (z * field->size[1] + y) * field->size[2];
            for (Py_ssize_t x = from[2]; x < to[2]; x++) {
                float dx = field->axis[2][x] - (float)start[0];
                float along = ((dx * ex + dy * ey) + dz * ez) * inverse;
                float ax, ay, az, value;
                along = along < 0.0f ? 0.0f : along > 1.0f ? 1.0f : along;
                ax = dx - along * ex;
                ay = dy - along * ey;
                az = dz - along * ez;
                value = sqrtf((ax * ax + ay * ay) + az * az) - (r0 + along * dr);
                row[x] = value < row[x] ? value : row[x]; /* always stored: four at once */
            }
        }
    }
}

PyDoc_STRVAR(tubes_doc,
    "tubes(distance, size, z, y, x, pieces, flatten)\n--\n\n"
    "Lower `distance` (z, y, x) to that of straight pieces (n, 2, 4) of x, y, z, radius at either end, in place.");

static PyObject *tubes(PyObject *module, PyObject *args)
{
    PyObject *distance, *axes[DIMENSIONS], *pieces;
    Py_buffer views[DIMENSIONS + 2];
    Field field;
    Py_ssize_t *size = field.size, n;
    double flatten;
    int held = 0, is_sound;
    (void)module;
    if (!PyArg_ParseTuple(args, "O(nnn)OOOOd", &distance, &size[0], &size[1], &size[2], &axes[0], &axes[1], &axes[2],
                          &pieces, &flatten)
        || !sizes_are_sound(size))
        return NULL;
    is_sound = contiguous(distance, &views[held], "distance", size[0] * size[1] * size[2] * 4, 1) && ++held;
    for (int d = 0; is_sound && d < DIMENSIONS; d++)
        is_sound = contiguous(axes[d], &views[held], "axis", size[d] * 4, 0) && ++held;
    if (is_sound)
        is_sound = PyObject_GetBuffer(pieces, &views[held], PyBUF_C_CONTIGUOUS) == 0 && ++held;
    if (is_sound) {
        const double *points = views[4].buf;
        n = views[4].len / (Py_ssize_t)(2 * POINT * sizeof(double));
        field.distance = views[0].buf;
        for (int d = 0; d < DIMENSIONS; d++)
            field.axis[d] = views[d + 1].buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t k = 0; k < n; k++)
            capsule(&field, points + 2 * POINT * k, points + 2 * POINT * k + POINT, flatten);
        Py_END_ALLOW_THREADS
    }
    return ended(views, held, is_sound);
}

/* Interpolation */

typedef struct {
    Py_ssize_t n;       /* fine points */
    const int *start;   /* (n + 1): the taps of each */
    const int *coarse;  /* ascending for each */
    const float *weight;
} Taps;

typedef struct {
    Py_ssize_t size[DIMENSIONS]; /* of the coarse field */
    const float *field;
    Taps taps[DIMENSIONS];
    float *ring[RING], *lines;
    Py_ssize_t held[RING]; /* the coarse plane in each place of the ring */
} Refinement;

/* Fill a line with the sum of up to RING weighted lines, each added after the one before. */
static void combine(float *out, const float *const *lines, const float *weights, int n_lines, Py_ssize_t n)
{
    const float *a = lines[0], *b, *c, *d;
    float wa = weights[0], wb, wc, wd;
    if (n_lines < RING) {
        memset(out, 0, (size_t)n * sizeof(float));
        for (int k = 0; k < n_lines; k++)
            for (Py_ssize_t i = 0; i < n; i++)
                out[i] += weights[k] * lines[k][i];
        return;
    }
    b = lines[1], c = lines[2], d = lines[3];
    wb = weights[1], wc = weights[2], wd = weights[3];
    for (Py_ssize_t i = 0; i < n; i++)
        out[i] = (((0.0f + wa * a[i]) + wb * b[i]) + wc * c[i]) + wd * d[i];
}

/* Interpolate one coarse plane along x and y. */
static const float *plane(Refinement *r, Py_ssize_t coarse)
{
    const Taps *ty = &r->taps[1], *tx = &r->taps[2];
    float *into = r->ring[coarse % RING];
    const float *taken[RING];
    if (r->held[coarse % RING] == coarse)
        return into;
    r->held[coarse % RING] = coarse;
    for (Py_ssize_t y = 0; y < r->size[1]; y++) {
        const float *row = r->field + (coarse * r->size[1] + y) * r->size[2];
        for (Py_ssize_t x = 0; x < tx->n; x++) {
            float sum = 0.0f;
            for (int k = tx->start[x]; k < tx->start[x + 1]; k++)
                sum += tx->weight[k] * row[tx->coarse[k]];
            r->lines[y * tx->n + x] = sum;
        }
    }
    for (Py_ssize_t y = 0; y < ty->n; y++) {
        int first = ty->start[y], n = ty->start[y + 1] - first;
        for (int k = 0; k < n; k++)
            taken[k] = r->lines + ty->coarse[first + k] * tx->n;
        combine(into + y * tx->n, taken, ty->weight + first, n, tx->n);
    }
    return into;
}

static void interpolate(Refinement *r, float *out)
{
    const Taps *tz = &r->taps[0];
    Py_ssize_t n = r->taps[1].n * r->taps[2].n;
    for (Py_ssize_t z = 0; z < tz->n; z++) {
        const float *taken[RING];
        int first = tz->start[z], n_taken = tz->start[z + 1] - first;
        for (int k = 0; k < n_taken; k++)
            taken[k] = plane(r, tz->coarse[first + k]);
        combine(out + z * n, taken, tz->weight + first, n_taken, n);
    }
}

/* Check the taps of an axis before anything follows them. */
static int taps_are_sound(const Taps *taps, Py_ssize_t n_taps, Py_ssize_t n_coarse)
{
    if (taps->start[0] < 0 || taps->start[taps->n] > n_taps)
        return 0;
    for (Py_ssize_t k = 0; k < taps->n; k++) {
        if (taps->start[k + 1] < taps->start[k] || taps->start[k + 1] - taps->start[k] > RING)
            return 0;
        for (int t = taps->start[k]; t < taps->start[k + 1]; t++)
            if (taps->coarse[t] < 0 || taps->coarse[t] >= n_coarse
                || taps->coarse[t] - taps->coarse[taps->start[k]] >= RING)
                return 0;
    }
    return 1;
}

static int read_taps(PyObject *source, Refinement *r, int d, Py_buffer *views, int *held)
{
    PyObject *start, *coarse, *weight;
    Taps *taps = &r->taps[d];
    Py_ssize_t n_taps;
    if (!PyArg_ParseTuple(source, "OOO", &start, &coarse, &weight))
        return 0;
    if (PyObject_GetBuffer(start, &views[*held], PyBUF_C_CONTIGUOUS) != 0)
        return 0;
    taps->n = views[*held].len / (Py_ssize_t)sizeof(int) - 1;
    taps->start = views[(*held)++].buf;
    if (PyObject_GetBuffer(weight, &views[*held], PyBUF_C_CONTIGUOUS) != 0)
        return 0;
    n_taps = views[*held].len / (Py_ssize_t)sizeof(float);
    taps->weight = views[(*held)++].buf;
    if (!contiguous(coarse, &views[*held], "coarse", n_taps * (Py_ssize_t)sizeof(int), 0))
        return 0;
    taps->coarse = views[(*held)++].buf;
    if (taps->n >= 1 && taps_are_sound(taps, n_taps, r->size[d]))
        return 1;
    PyErr_SetString(PyExc_ValueError, "the taps lie outside the coarse field");
    return 0;
}

PyDoc_STRVAR(refine_doc,
    "refine(field, size, z, y, x, out)\n--\n\n"
    "Fill `out` (z, y, x) with a coarse field interpolated by the taps of each axis.\n\n"
    "Taps are (start, coarse, weight) as in compressed sparse rows: at most 4 a point, on consecutive coarse points.");

static PyObject *refine(PyObject *module, PyObject *args)
{
    PyObject *field, *sources[DIMENSIONS], *out;
    Py_buffer views[2 + 3 * DIMENSIONS];
    Refinement r;
    float *block = NULL;
    int held = 0, is_sound;
    (void)module;
    if (!PyArg_ParseTuple(args, "O(nnn)OOOO", &field, &r.size[0], &r.size[1], &r.size[2], &sources[0], &sources[1],
                          &sources[2], &out)
        || !sizes_are_sound(r.size))
        return NULL;
    is_sound = contiguous(field, &views[held], "field", r.size[0] * r.size[1] * r.size[2] * 4, 0) && ++held;
    for (int d = 0; is_sound && d < DIMENSIONS; d++)
        is_sound = read_taps(sources[d], &r, d, views, &held);
    if (is_sound) {
        Py_ssize_t fine[DIMENSIONS] = {r.taps[0].n, r.taps[1].n, r.taps[2].n};
        is_sound = sizes_are_sound(fine)
                   && contiguous(out, &views[held], "out", fine[0] * fine[1] * fine[2] * 4, 1) && ++held;
    }
    if (is_sound) {
        size_t n = (size_t)(r.taps[1].n * r.taps[2].n);
        block = malloc((RING * n + (size_t)(r.size[1] * r.taps[2].n)) * sizeof(float));
        is_sound = block != NULL;
        if (is_sound) {
            r.field = views[0].buf;
            r.lines = block + RING * n;
            for (int k = 0; k < RING; k++) {
                r.ring[k] = block + (size_t)k * n;
                r.held[k] = -1;
            }
            Py_BEGIN_ALLOW_THREADS
            interpolate(&r, views[held - 1].buf);
            Py_END_ALLOW_THREADS
            free(block);
        } else {
            PyErr_NoMemory();
        }
    }
    return ended(views, held, is_sound);
}

/* Coverage and mixing */

PyDoc_STRVAR(cover_doc,
    "cover(distance, slope)\n--\n\n"
    "Turn distances into shares, in place: slope * distance + 1/2 within 0 and 1.");

static PyObject *cover(PyObject *module, PyObject *args)
{
    PyObject *distance;
    Py_buffer view;
    double slope;
    (void)module;
    if (!PyArg_ParseTuple(args, "Od", &distance, &slope)
        || PyObject_GetBuffer(distance, &view, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    float *values = view.buf, factor = (float)slope;
    Py_ssize_t n = view.len / (Py_ssize_t)sizeof(float);
    for (Py_ssize_t i = 0; i < n; i++) {
        float share = values[i] * factor + 0.5f;
        share = share > 0.0f ? share : 0.0f;
        values[i] = share < 1.0f ? share : 1.0f;
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

static int is_nothing(const float *share, Py_ssize_t n)
{
    float most = 0.0f;
    for (Py_ssize_t i = 0; i < n; i++)
        most = share[i] > most ? share[i] : most;
    return !(most > 0.0f);
}

static void mix(const Py_buffer *region, const Py_buffer *share, const Py_buffer *target)
{
    const Py_ssize_t *shape = region->shape;
    for (Py_ssize_t z = 0; z < shape[0]; z++)
        for (Py_ssize_t y = 0; y < shape[1]; y++) {
            float *r = (float *)(void *)((char *)region->buf + z * region->strides[0] + y * region->strides[1]);
            const float *s = (const float *)(const void *)((const char *)share->buf + z * share->strides[0]
                                                           + y * share->strides[1]);
            const char *t = (const char *)target->buf + z * target->strides[0] + y * target->strides[1];
            if (is_nothing(s, shape[2]))
                continue;
            if (target->strides[2] == 0) {
                float hu = *(const float *)(const void *)t;
                for (Py_ssize_t x = 0; x < shape[2]; x++)
                    r[x] += s[x] * (hu - r[x]);
            } else {
                const float *hu = (const float *)(const void *)t;
                for (Py_ssize_t x = 0; x < shape[2]; x++)
                    r[x] += s[x] * (hu[x] - r[x]);
            }
        }
}

/* Whether a buffer is one of single precision in three dimensions, its lines without gaps. */
static int is_box(const Py_buffer *view, int may_repeat)
{
    return view->ndim == DIMENSIONS && view->itemsize == (Py_ssize_t)sizeof(float) && view->format
           && strcmp(view->format, "f") == 0
           && (view->strides[2] == (Py_ssize_t)sizeof(float) || view->shape[2] == 1
               || (may_repeat && view->strides[2] == 0));
}

PyDoc_STRVAR(blend_doc,
    "blend(region, share, target)\n--\n\n"
    "Move every voxel of `region` by its share, 0 or more, of the way to the target, in place.\n\n"
    "All three are boxes (z, y, x) of one shape; the target may be a single value repeated along x.");

static PyObject *blend(PyObject *module, PyObject *args)
{
    PyObject *sources[3];
    Py_buffer views[3];
    int held = 0, is_sound = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOO", &sources[0], &sources[1], &sources[2]))
        return NULL;
    for (; held < 3; held++)
        if (PyObject_GetBuffer(sources[held], &views[held],
                               PyBUF_STRIDES | PyBUF_FORMAT | (held == 0 ? PyBUF_WRITABLE : 0)) != 0)
            break;
    if (held == 3) {
        for (int k = 0; k < 3; k++)
            is_sound = is_sound && is_box(&views[k], k == 2);
        for (int k = 1; is_sound && k < 3; k++)
            for (int d = 0; d < DIMENSIONS; d++)
                is_sound = is_sound && views[k].shape[d] == views[0].shape[d];
        if (is_sound) {
            Py_BEGIN_ALLOW_THREADS
            mix(&views[0], &views[1], &views[2]);
            Py_END_ALLOW_THREADS
        } else {
            PyErr_SetString(PyExc_ValueError, "region, share and target must be boxes of one shape, of float32");
        }
    } else {
        is_sound = 0;
    }
    return ended(views, held, is_sound);
}

/* Trees */

typedef struct {
    Py_ssize_t capacity, count;
    double *points; /* x, y, z */
    Py_ssize_t *parent;
    double *way; /* back to the root */
} Tree;

static double apart(const double *a, const double *b)
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt((x * x + y * y) + z * z);
}

/* Join one target to the tree by pieces; return the node it became, -1 where there is no room. */
static Py_ssize_t join(Tree *tree, const double *target, const double *sag, const double *rules, const double *sines,
                       Py_ssize_t n_sines)
{
    double least = INFINITY, gap = 0.0, start[3];
    Py_ssize_t from = 0, pieces, previous;
    for (Py_ssize_t k = 0; k < tree->count; k++) {
        double distance = apart(tree->points + 3 * k, target), cost = distance + rules[1] * tree->way[k];
        if (cost < least) {
            least = cost;
            gap = distance;
            from = k;
        }
    }
    if (!(gap / rules[0] < (double)n_sines))
        return -1;
    pieces = (Py_ssize_t)(gap / rules[0]);
    pieces = pieces < 1 ? 1 : pieces;
    if (tree->count + pieces > tree->capacity)
        return -1;
    memcpy(start, tree->points + 3 * from, sizeof start);
    previous = from;
    for (Py_ssize_t step = 1; step <= pieces; step++) {
        double t = (double)step / (double)pieces, bend = sines[pieces * n_sines + step];
        double *point = tree->points + 3 * tree->count;
        for (int d = 0; d < 3; d++)
            point[d] = (start[d] + t * (target[d] - start[d])) + (rules[2] * gap * sag[d]) * bend;
        tree->parent[tree->count] = previous;
        tree->way[tree->count] = tree->way[previous] + apart(point, tree->points + 3 * previous);
        previous = tree->count++;
    }
    return previous;
}

PyDoc_STRVAR(grow_doc,
    "grow(points, parent, way, n_roots, targets, sags, rules, sines, ends)\n--\n\n"
    "Join targets (n, 3) in turn to a tree, in place, and return how many nodes it has; `ends` become their nodes.\n\n"
    "Rules are the length of a piece, the weight of the way back and the size of a sag; row n of `sines` has\n"
    "sin(pi k / n) for a joint of n pieces.");

static PyObject *grow(PyObject *module, PyObject *args)
{
    PyObject *sources[8];
    Py_buffer views[8];
    Py_ssize_t n_roots, n, n_sines, count = -1;
    int held = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOnOOOOO", &sources[0], &sources[1], &sources[2], &n_roots, &sources[3], &sources[4],
                          &sources[5], &sources[6], &sources[7]))
        return NULL;
    for (; held < 8; held++)
        if (PyObject_GetBuffer(sources[held], &views[held],
                               PyBUF_C_CONTIGUOUS | (held < 3 || held == 7 ? PyBUF_WRITABLE : 0)) != 0)
            break;
    if (held == 8) {
        Tree tree = {views[2].len / (Py_ssize_t)sizeof(double), n_roots, views[0].buf, views[1].buf, views[2].buf};
        n = views[7].len / (Py_ssize_t)sizeof(Py_ssize_t);
        n_sines = (Py_ssize_t)sqrt((double)(views[6].len / (Py_ssize_t)sizeof(double)));
        if (n_roots >= 1 && n_roots <= tree.capacity && views[0].len == tree.capacity * 24
            && views[1].len == tree.capacity * (Py_ssize_t)sizeof(Py_ssize_t) && views[3].len == n * 24
            && views[4].len == n * 24 && views[5].len == 24
            && views[6].len == n_sines * n_sines * (Py_ssize_t)sizeof(double)) {
            Py_ssize_t *ends = views[7].buf, k = 0;
            Py_BEGIN_ALLOW_THREADS
            for (; k < n; k++) {
                ends[k] = join(&tree, (double *)views[3].buf + 3 * k, (double *)views[4].buf + 3 * k, views[5].buf,
                               views[6].buf, n_sines);
                if (ends[k] < 0)
                    break;
            }
            Py_END_ALLOW_THREADS
            count = k == n ? tree.count : -1;
        }
        if (count < 0)
            PyErr_SetString(PyExc_ValueError, "the tree outgrows its arrays, or they do not fit together");
    }
    while (held)
        PyBuffer_Release(&views[--held]);
    return count < 0 ? NULL : PyLong_FromSsize_t(count);
}

/* Smoothing */

typedef struct {
    Py_ssize_t outer, n, inner; /* lines before, along and behind the axis */
    const double *weight;       /* of the middle and of each distance from it */
    Py_ssize_t reach;
    int wraps;                  /* else the ends are mirrored, the last value twice */
} Smoothing;

static Py_ssize_t place(const Smoothing *s, Py_ssize_t at)
{
    Py_ssize_t period = s->wraps ? s->n : 2 * s->n, k = ((at % period) + period) % period;
    return k < s->n ? k : period - 1 - k;
}

/* Widen lines by what lies beyond their ends. */
static void widen(const Smoothing *s, const float *lines, double *wide, Py_ssize_t width)
{
    Py_ssize_t from = s->inner == 1 ? s->n : 0; /* a single line is taken over in one go */
    for (Py_ssize_t k = 0; k < from; k++)
        wide[s->reach + k] = (double)lines[k];
    for (Py_ssize_t k = from; k < s->n; k++)
        for (Py_ssize_t i = 0; i < width; i++)
            wide[(s->reach + k) * width + i] = (double)lines[k * s->inner + i];
    for (Py_ssize_t k = 0; k < 2 * s->reach; k++) {
        Py_ssize_t at = k < s->reach ? k - s->reach : s->n + k - s->reach;
        const float *line = lines + place(s, at) * s->inner;
        for (Py_ssize_t i = 0; i < width; i++)
            wide[(s->reach + at) * width + i] = (double)line[i];
    }
}

/* Smooth `width` lines along one axis; sums are of double precision, from the ends to the middle. */
static void smooth_lines(const Smoothing *s, float *lines, double *wide, Py_ssize_t width)
{
    Py_ssize_t run = s->inner == 1 ? LINES : width; /* neighbours that are summed together */
    double sum[LINES];
    widen(s, lines, wide, width);
    for (Py_ssize_t k = 0; k < s->n * width; k += run) {
        const double *middle = wide + s->reach * width + k;
        float *out = lines + (s->inner == 1 ? k : k / width * s->inner);
        Py_ssize_t n = s->n * width - k < run ? s->n * width - k : run;
        for (Py_ssize_t i = 0; i < n; i++)
            sum[i] = middle[i] * s->weight[0];
        for (Py_ssize_t far = s->reach; far > 0; far--) {
            const double *before = middle - far * width, *behind = middle + far * width;
            double weight = s->weight[far];
            for (Py_ssize_t i = 0; i < n; i++)
                sum[i] += (before[i] + behind[i]) * weight;
        }
        for (Py_ssize_t i = 0; i < n; i++)
            out[i] = (float)sum[i];
    }
}

PyDoc_STRVAR(smooth_doc,
    "smooth(values, size, weights, wraps)\n--\n\n"
    "Smooth the middle axis of `values`, in place, by weights of the middle and of each distance from it.\n\n"
    "Beyond the ends the values start anew (`wraps`) or are mirrored.");

static PyObject *smooth(PyObject *module, PyObject *args)
{
    PyObject *values, *weights;
    Py_buffer views[2];
    Smoothing s;
    double *wide = NULL;
    int held = 0, is_sound;
    (void)module;
    if (!PyArg_ParseTuple(args, "O(nnn)Op", &values, &s.outer, &s.n, &s.inner, &weights, &s.wraps))
        return NULL;
    {
        Py_ssize_t size[DIMENSIONS] = {s.outer, s.n, s.inner};
        is_sound = sizes_are_sound(size)
                   && contiguous(values, &views[held], "values", s.outer * s.n * s.inner * 4, 1) && ++held;
    }
    if (is_sound)
        is_sound = PyObject_GetBuffer(weights, &views[held], PyBUF_C_CONTIGUOUS) == 0 && ++held;
    if (is_sound) {
        s.weight = views[1].buf;
        s.reach = views[1].len / (Py_ssize_t)sizeof(double) - 1;
        wide = s.reach >= 0 ? malloc((size_t)((s.n + 2 * s.reach) * LINES) * sizeof(double)) : NULL;
        is_sound = wide != NULL;
        if (is_sound) {
            Py_BEGIN_ALLOW_THREADS
            for (Py_ssize_t o = 0; o < s.outer; o++)
                for (Py_ssize_t i = 0; i < s.inner; i += LINES)
                    smooth_lines(&s, (float *)views[0].buf + o * s.n * s.inner + i, wide,
                                 s.inner - i < LINES ? s.inner - i : LINES);
            Py_END_ALLOW_THREADS
            free(wide);
        } else {
            PyErr_NoMemory();
        }
    }
    return ended(views, held, is_sound);
}

/* Extent */

PyDoc_STRVAR(extent_doc,
    "extent(distance, size, limit)\n--\n\n"
    "Return first and last index along z, y and x of all that is below the limit; None where nothing is.");

static PyObject *extent(PyObject *module, PyObject *args)
{
    PyObject *distance;
    Py_buffer view;
    Py_ssize_t size[DIMENSIONS], low[DIMENSIONS], high[DIMENSIONS] = {-1, -1, -1};
    double limit;
    (void)module;
    if (!PyArg_ParseTuple(args, "O(nnn)d", &distance, &size[0], &size[1], &size[2], &limit) || !sizes_are_sound(size)
        || !contiguous(distance, &view, "distance", size[0] * size[1] * size[2] * 4, 0))
        return NULL;
    memcpy(low, size, sizeof low);
    Py_BEGIN_ALLOW_THREADS
    float most = (float)limit;
    for (Py_ssize_t z = 0; z < size[0]; z++)
        for (Py_ssize_t y = 0; y < size[1]; y++) {
            const float *row = (const float *)view.buf + (z * size[1] + y) * size[2];
            float least = row[0];
            Py_ssize_t x = 0;
            for (Py_ssize_t i = 1; i < size[2]; i++)
                least = row[i] < least ? row[i] : least;
            if (!(least < most))
                continue;
            low[0] = z < low[0] ? z : low[0];
            high[0] = z;
            low[1] = y < low[1] ? y : low[1];
            high[1] = y > high[1] ? y : high[1];
            while (!(row[x] < most))
                x++;
            low[2] = x < low[2] ? x : low[2];
            x = size[2] - 1;
            while (!(row[x] < most))
                x--;
            high[2] = x > high[2] ? x : high[2];
        }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (high[0] < 0)
        Py_RETURN_NONE;
    return Py_BuildValue("(nn)(nn)(nn)", low[0], high[0], low[1], high[1], low[2], high[2]);
}

static PyMethodDef methods[] = {
    {"smooth", smooth, METH_VARARGS, smooth_doc},
    {"extent", extent, METH_VARARGS, extent_doc},
    {"grow", grow, METH_VARARGS, grow_doc},
    {"tubes", tubes, METH_VARARGS, tubes_doc},
    {"refine", refine, METH_VARARGS, refine_doc},
    {"cover", cover, METH_VARARGS, cover_doc},
    {"blend", blend, METH_VARARGS, blend_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_paint", "Painting of the synthetic bodies.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__paint(void);

PyMODINIT_FUNC PyInit__paint(void)
{
    return PyModule_Create(&module);
}
