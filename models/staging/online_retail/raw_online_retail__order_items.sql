{{ raw_table('online_retail', ['*.parquet', '*.csv'], {
    'invoice_number': 'InvoiceNo',
    'stock_code': 'StockCode',
    'description': 'Description',
    'quantity': 'Quantity',
    'invoice_date': 'InvoiceDate',
    'unit_price': 'UnitPrice',
    'customer_number': 'CustomerID',
    'country': 'Country',
}) }}
